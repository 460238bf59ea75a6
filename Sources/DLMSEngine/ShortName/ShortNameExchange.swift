// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// A request carried out by short names.
///
/// ```
///  names known? ──no──► read FA08 ──┐
///       │ yes                       ▼
///       └──► logical names compared? ──no──► read attribute 1 of each object
///                      │ yes                         │
///                      ▼                             ▼
///                Read, Write, or a method by either ◄┘
/// ```
struct ShortNameExchange: Hashable, Sendable {
    private enum Stage: Hashable, Sendable {
        /// Nothing was sent so far.
        case beginning
        case listing(ReadExchange)
        case comparing([ShortNameDirectory.Object], GetPlan, ReadExchange)
        case reading(ReadPlan, ReadExchange)
        case writing(WritePlan, WriteExchange)
        case invokingByRead(ReadExchange)
        case invokingByWrite(WriteExchange)
        /// A write without an answer.
        case unconfirmed
        /// Only while an event is handled, so that a long value is not copied for every block.
        case modifying
    }

    private let request: ServiceRequest
    private let streams: Bool
    private var stage = Stage.beginning
    private var delivery: [UInt8]?
    /// What the methods of a list came to so far.
    private var outcomes: [ActionOutcome] = []

    init(_ request: ServiceRequest, streams: Bool) {
        self.request = request
        self.streams = streams
    }

    /// Whether leaving it half-way changes nothing at the server.
    var isRead: Bool {
        switch stage {
        case .beginning, .listing, .comparing, .reading, .modifying: true
        case .writing, .invokingByRead, .invokingByWrite, .unconfirmed: false
        }
    }

    /// Whether nothing comes back.
    var isUnanswered: Bool { stage == .unconfirmed }

    /// Whether it can be ended half-way and begun again from its start.
    var isRepeatable: Bool {
        switch stage {
        case .reading(_, let exchange): !exchange.hasDelivered
        case .beginning, .listing, .comparing, .modifying: request.service == .get
        case .writing, .invokingByRead, .invokingByWrite, .unconfirmed: false
        }
    }

    /// What is known of several writes or invocations if nothing more comes.
    var partialOutcome: PartialOutcome? {
        switch stage {
        case .writing(let plan, _): plan.partialOutcome
        case .invokingByRead, .invokingByWrite: PartialOutcome(results: .actions(outcomes), unknown: 1)
        case .beginning, .listing, .comparing, .reading, .unconfirmed, .modifying: nil
        }
    }

    /// Whether the exchange in progress is a list.
    var asksForList: Bool {
        switch stage {
        case .comparing(_, let plan, _): plan.asksForList
        case .reading(let plan, _): plan.asksForList
        case .writing(let plan, _): plan.asksForList
        case .beginning, .listing, .invokingByRead, .invokingByWrite, .unconfirmed, .modifying: false
        }
    }

    /// Hands out what arrived of a streamed value since the last call.
    mutating func takeDelivery() -> [UInt8]? {
        defer { delivery = nil }
        return delivery
    }

    /// The first request, or the response if nothing needs to be sent.
    mutating func start(_ association: inout ClientAssociation) -> ClientExchange.Step {
        proceed(&association)
    }

    /// Takes a read-response or write-response.
    mutating func received(_ apdu: [UInt8], _ association: inout ClientAssociation) -> ClientExchange.Step {
        switch stage {
        case .beginning, .unconfirmed, .modifying: return .ignored
        case .listing(var exchange):
            stage = .modifying
            guard apdu.first == 0x0C else { return unexpected(apdu, .getResponse) }
            let step = exchange.received(apdu)
            guard case .finished(.results(let results)) = step else { return goOn(step, .listing(exchange)) }
            return listReceived(results.first, &association)
        case .comparing(let objects, var plan, var exchange):
            stage = .modifying
            guard apdu.first == 0x0C else { return unexpected(apdu, .getResponse) }
            let step = exchange.received(apdu)
            switch step {
            case .finished(.results(let results)): plan.finished(results, &association.info)
            case .finished(.listRefused): plan.listRefused(&association.info)
            default: return goOn(step, .comparing(objects, plan, exchange))
            }
            return compareNext(objects, plan, &association)
        case .reading(var plan, var exchange):
            stage = .modifying
            guard apdu.first == 0x0C else { return unexpected(apdu, .getResponse) }
            let step = exchange.received(apdu)
            delivery = exchange.takeDelivery()
            switch step {
            case .finished(.streamed(let octets)): return .completed(.streamed(octets: octets))
            case .finished(.results(let results)): plan.finished(results, &association.info)
            case .finished(.listRefused): plan.listRefused(&association.info)
            default: return goOn(step, .reading(plan, exchange))
            }
            return readNext(plan, &association)
        case .writing(var plan, var exchange):
            stage = .modifying
            guard apdu.first == 0x0D else { return unexpected(apdu, .setResponse) }
            let step = exchange.received(apdu)
            switch step {
            case .finished(.results(let results)): plan.finished(results, &association.info)
            case .finished(.listRefused): plan.listRefused(&association.info)
            default: return goOn(step, .writing(plan, exchange))
            }
            return writeNext(plan, &association)
        case .invokingByRead(var exchange):
            stage = .modifying
            guard apdu.first == 0x0C else { return unexpected(apdu, .actionResponse) }
            let step = exchange.received(apdu)
            guard case .finished(.results(let results)) = step else { return goOn(step, .invokingByRead(exchange)) }
            return invoked(ActionOutcome(reading: results.first), &association)
        case .invokingByWrite(var exchange):
            stage = .modifying
            guard apdu.first == 0x0D else { return unexpected(apdu, .actionResponse) }
            let step = exchange.received(apdu)
            guard case .finished(.results(let results)) = step else { return goOn(step, .invokingByWrite(exchange)) }
            return invoked(ActionOutcome(writing: results.first), &association)
        }
    }

    /// The server refused what was sent last with an error that names no variable.
    ///
    /// - Parameter isProven: whether the error was protected as the request was.
    mutating func refused(
        _ error: EngineError,
        isProven: Bool,
        _ association: inout ClientAssociation
    ) -> ClientExchange.Step {
        let reason = error.shortNameRefusal
        switch stage {
        case .comparing(let objects, var plan, _) where plan.asksForList && error.isAboutRequest:
            plan.listRefused(&association.info)
            return compareNext(objects, plan, &association)
        case .reading(var plan, _) where plan.asksForList && error.isAboutRequest:
            plan.listRefused(&association.info)
            return readNext(plan, &association)
        // Of a list of writes a part may have been done, unless the error says that nothing was.
        case .writing(let plan, _) where plan.asksForList && !(error.saysNotSupported && isProven):
            return .failed(error)
        case .writing(var plan, _) where plan.asksForList:
            plan.listRefused(&association.info)
            return writeNext(plan, &association)
        case _ where reason == nil: return .failed(error)
        case .listing: return listReceived(reason.map { .failure($0) }, &association)
        case .comparing(let objects, var plan, _):
            plan.finished([.failure(reason ?? .otherReason)], &association.info)
            return compareNext(objects, plan, &association)
        case .reading(var plan, let exchange):
            guard !exchange.hasDelivered else { return .failed(error) }
            plan.finished([.failure(reason ?? .otherReason)], &association.info)
            return readNext(plan, &association)
        case .writing(var plan, _):
            plan.finished([reason ?? .otherReason], &association.info)
            return writeNext(plan, &association)
        case .invokingByRead, .invokingByWrite:
            return invoked(ActionOutcome(writing: reason), &association)
        case .beginning, .unconfirmed, .modifying: return .failed(error)
        }
    }

    // MARK: Stages

    private mutating func proceed(_ association: inout ClientAssociation) -> ClientExchange.Step {
        let objects = request.objects
        let needsNames = objects.contains { $0.logicalName != ShortNameDirectory.currentAssociation.logicalName }
        if needsNames, association.shortNames.directory == nil { return list(&association) }
        let doubtful = association.shortNames.doubtful(objects)
        if !doubtful.isEmpty {
            let names = doubtful.map { object in
                AttributeRequest(
                    AttributeDescriptor(classID: object.classID, instanceID: object.logicalName, attributeID: 1)
                )
            }
            return compareNext(doubtful, GetPlan(names, streams: false), &association)
        }
        if let unnamed = request.methods.compactMap({ association.shortNames.unnamed($0) }).first {
            return .failed(.methodsUnnamed(classID: unnamed.classID, version: unnamed.version))
        }
        switch request {
        case .get(let requests):
            return readNext(ReadPlan(requests, streams: streams, association.shortNames), &association)
        case .set(let writes): return writeNext(WritePlan(writes, association.shortNames), &association)
        case .unconfirmedSet(let write): return writeUnconfirmed(write, association)
        case .action(let method, let parameter): return invoke(method, parameter, &association)
        case .actions(let invocations):
            guard let first = invocations.first else { return .completed(.actions([])) }
            return invoke(first.method, first.parameter, &association)
        case .access: return .failed(.serviceNotAgreed(.access))
        case .text: return .failed(.serviceNotAgreed(request.service))
        }
    }

    private mutating func list(_ association: inout ClientAssociation) -> ClientExchange.Step {
        let name = ShortNameDirectory.currentAssociation.baseName + 8
        var exchange = readExchange([.variableName(name)], association)
        let first = exchange.start()
        return goOn(first, .listing(exchange))
    }

    private mutating func listReceived(
        _ result: GetResult?,
        _ association: inout ClientAssociation
    ) -> ClientExchange.Step {
        switch result ?? .failure(.otherReason) {
        case .data(let octets):
            do throws(DecodeError) {
                association.shortNames.listed(try ShortNameDirectory(objectList: octets))
            } catch {
                return .failed(.malformed(error, waitingFor: .getResponse))
            }
        case .failure(let reason): association.shortNames.listRefused(reason)
        }
        association.info.shortNames = association.shortNames.forLater
        return proceed(&association)
    }

    private mutating func compareNext(
        _ objects: [ShortNameDirectory.Object],
        _ plan: GetPlan,
        _ association: inout ClientAssociation
    ) -> ClientExchange.Step {
        var plan = plan
        let asked = plan.next(association.info, settings: association.settings)
        guard !asked.isEmpty else {
            association.shortNames.compared(objects, plan.response)
            association.info.shortNames = association.shortNames.forLater
            return proceed(&association)
        }
        let variables = asked.compactMap { request in
            objects.first {
                $0.classID == request.descriptor.classID && $0.logicalName == request.descriptor.instanceID
            }
        }.map { VariableAccess.variableName($0.baseName) }
        var exchange = readExchange(variables, association)
        let first = exchange.start()
        return goOn(first, .comparing(objects, plan, exchange))
    }

    private mutating func readNext(
        _ plan: ReadPlan,
        _ association: inout ClientAssociation
    ) -> ClientExchange.Step {
        var plan = plan
        let variables = plan.next(association.info, settings: association.settings, association.shortNames)
        guard !variables.isEmpty else { return .completed(.get(plan.response)) }
        var exchange = readExchange(variables, streams: plan.streams, association)
        let first = exchange.start()
        return goOn(first, .reading(plan, exchange))
    }

    private mutating func writeNext(
        _ plan: WritePlan,
        _ association: inout ClientAssociation
    ) -> ClientExchange.Step {
        var plan = plan
        let (variables, values) = plan.next(association.info, settings: association.settings)
        guard !variables.isEmpty else { return .completed(.set(plan.response)) }
        var exchange = WriteExchange(variables, values, for: .set, association.info)
        let first = exchange.start()
        return goOn(first, .writing(plan, exchange))
    }

    private mutating func writeUnconfirmed(
        _ write: AttributeWrite,
        _ association: ClientAssociation
    ) -> ClientExchange.Step {
        guard association.info.conformance.contains(.unconfirmedWrite) else {
            return .failed(.serviceNotAgreed(.set))
        }
        switch association.shortNames.access(write.request) {
        case .missing(let reason): return .completed(.set([reason]))
        case .found(let variable):
            let octets = WriteRequest(isConfirmed: false, variables: [variable], data: [write.value]).octets
            let limit = association.info.requestLimit
            guard octets.count <= limit else { return .failed(.requestTooLong(octets: octets.count, limit: limit)) }
            stage = .unconfirmed
            return .send(octets, awaiting: .setResponse)
        }
    }

    private mutating func invoke(
        _ method: MethodDescriptor,
        _ parameter: DLMSData?,
        _ association: inout ClientAssociation
    ) -> ClientExchange.Step {
        switch association.shortNames.access(method) {
        case .missing(let reason): return invoked(ActionOutcome(writing: reason), &association)
        case .found((let name, true)):
            let access = VariableAccess.parameterizedAccess(name, selector: 0, parameter: parameter ?? .nullData)
            var exchange = readExchange([access], association)
            let first = exchange.start()
            return goOn(first, .invokingByRead(exchange))
        case .found((let name, false)):
            var exchange = WriteExchange(
                [.variableName(name)],
                [parameter ?? .nullData],
                for: .action,
                association.info
            )
            let first = exchange.start()
            return goOn(first, .invokingByWrite(exchange))
        }
    }

    /// Takes the outcome of a method; those of a list are invoked one after the other.
    private mutating func invoked(
        _ outcome: ActionOutcome,
        _ association: inout ClientAssociation
    ) -> ClientExchange.Step {
        guard case .actions(let invocations) = request else { return .completed(.action(outcome)) }
        outcomes.append(outcome)
        guard outcomes.count < invocations.count else { return .completed(.actions(outcomes)) }
        let next = invocations[outcomes.count]
        return invoke(next.method, next.parameter, &association)
    }

    private func readExchange(
        _ variables: [VariableAccess],
        streams: Bool = false,
        _ association: ClientAssociation
    ) -> ReadExchange {
        ReadExchange(
            variables,
            streams: streams,
            association.info,
            limit: association.settings.maximumResponseLength
        )
    }

    /// Follows a step after which the exchange goes on, or fails.
    private mutating func goOn<Outcome>(_ step: ExchangeStep<Outcome>, _ next: Stage) -> ClientExchange.Step {
        stage = next
        switch step {
        case .send(let octets, let awaited): return .send(octets, awaiting: isInvoking ? awaited.ofMethod : awaited)
        case .failed(let error): return .failed(error)
        // A list of one is not refused as a list, and nothing ends before it has begun.
        case .finished, .ignored: return .ignored
        }
    }

    private var isInvoking: Bool {
        if case .invokingByRead = stage { true } else { false }
    }

    private func unexpected(_ apdu: [UInt8], _ awaited: Awaited) -> ClientExchange.Step {
        .failed(.unexpectedAPDU(tag: apdu.first ?? 0, waitingFor: awaited))
    }
}
