// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// A request in progress: its plan, and the exchange that carries out the current part of it.
enum ClientExchange: Hashable, Sendable {
    case get(GetPlan, GetExchange)
    /// A list of reads that goes by ACCESS.
    case getByAccess(GetPlan, AccessExchange)
    case set(SetPlan, SetExchange)
    case action(ActionPlan, ActionExchange)
    case access(AccessPlan, AccessExchange)
    /// A write without an answer.
    case unconfirmed
    /// Any of them in an association that uses short names.
    case shortName(ShortNameExchange)
    /// Only while an event is handled, so that a long value is not copied for every block.
    case modifying

    /// What a request in progress wants done next.
    enum Step: Hashable, Sendable {
        case send([UInt8], awaiting: Awaited)
        case completed(ServiceResponse)
        case failed(EngineError)
        case ignored
    }

    /// Whether leaving it half-way changes nothing at the server.
    var isRead: Bool {
        switch self {
        case .get, .getByAccess: true
        case .access(let plan, _): plan.isRead
        case .shortName(let exchange): exchange.isRead
        case .set, .action, .unconfirmed, .modifying: false
        }
    }

    /// Whether nothing comes back, so that it is done when it was sent.
    var isUnanswered: Bool {
        switch self {
        case .unconfirmed: true
        case .shortName(let exchange): exchange.isUnanswered
        case .get, .getByAccess, .set, .action, .access, .modifying: false
        }
    }

    /// Whether it can be ended half-way and begun again from its start.
    var isRepeatable: Bool {
        switch self {
        case .get(_, let exchange): !exchange.hasDelivered
        case .getByAccess: true
        case .access(let plan, _): plan.isRead
        case .shortName(let exchange): exchange.isRepeatable
        case .set, .action, .unconfirmed, .modifying: false
        }
    }

    /// What is known of several writes or invocations if nothing more comes; nil when nothing of that is worth telling.
    var partialOutcome: PartialOutcome? {
        switch self {
        case .set(let plan, _): plan.partialOutcome
        case .action(let plan, _): plan.partialOutcome
        case .access(let plan, _): plan.partialOutcome
        case .shortName(let exchange): exchange.partialOutcome
        case .get, .getByAccess, .unconfirmed, .modifying: nil
        }
    }

    /// Begins a request; nil in the first place when nothing needs to be sent.
    static func start(
        _ request: ServiceRequest,
        streams: Bool,
        _ association: inout ClientAssociation
    ) -> (ClientExchange?, Step) {
        if association.info.usesShortNames {
            var exchange = ShortNameExchange(request, streams: streams)
            let step = exchange.start(&association)
            return (.shortName(exchange), step)
        }
        switch request {
        case .get(let requests):
            return nextGet(GetPlan(requests, streams: streams && requests.count == 1), &association)
        case .set(let writes): return nextSet(SetPlan(writes), &association)
        case .unconfirmedSet(let write): return startUnconfirmed(write, &association)
        case .action(let method, let parameter):
            return nextAction(ActionPlan(single: MethodInvocation(method, parameter: parameter)), &association)
        case .actions(let invocations): return nextAction(ActionPlan(invocations), &association)
        case .access(let items, let breaksOnError):
            guard association.info.conformance.contains(.access) else {
                return (nil, .failed(.serviceNotAgreed(.access)))
            }
            return nextAccess(AccessPlan(items, breaksOnError: breaksOnError), &association)
        case .text: return (nil, .failed(.serviceNotAgreed(request.service)))
        }
    }

    /// Takes an APDU of the service.
    mutating func received(_ apdu: [UInt8], _ association: inout ClientAssociation) -> (Step, delivery: [UInt8]?) {
        let tag = apdu.first ?? 0
        guard !answersAnother(apdu) else { return (.ignored, nil) }
        switch self {
        case .modifying, .unconfirmed: return (.ignored, nil)
        case .get(var plan, var exchange):
            self = .modifying
            guard tag == 0xC4 else { return (.failed(.unexpectedAPDU(tag: tag, waitingFor: .getResponse)), nil) }
            let step = exchange.received(apdu)
            let delivery = exchange.takeDelivery()
            self = .get(plan, exchange)
            switch step {
            case .send(let octets, let awaiting): return (.send(octets, awaiting: awaiting), delivery)
            case .failed(let error): return (.failed(error), delivery)
            case .ignored: return (.ignored, delivery)
            case .finished(.streamed(let octets)): return (.completed(.streamed(octets: octets)), delivery)
            case .finished(.results(let results)): plan.finished(results, &association.info)
            case .finished(.listRefused): plan.listRefused(&association.info)
            }
            return (goOn(with: Self.nextGet(plan, &association)), delivery)
        case .getByAccess(var plan, let exchange):
            switch exchange.received(apdu) {
            case .finished(let outcomes): plan.finished(outcomes.map(\.read), &association.info)
            case .ignored where tag == 0xDA: return (.ignored, nil)
            case .send, .failed, .ignored: plan.listRefused(&association.info)
            }
            return (goOn(with: Self.nextGet(plan, &association)), nil)
        case .set(var plan, var exchange):
            self = .modifying
            guard tag == 0xC5 else {
                self = .set(plan, exchange)
                return (.failed(.unexpectedAPDU(tag: tag, waitingFor: .setResponse)), nil)
            }
            let step = exchange.received(apdu)
            self = .set(plan, exchange)
            guard case .finished(let results) = step else {
                return (unfinished(step, list: plan.asksForList, \.writeLists, &association), nil)
            }
            plan.finished(results, &association.info)
            return (goOn(with: Self.nextSet(plan, &association)), nil)
        case .action(var plan, var exchange):
            self = .modifying
            guard tag == 0xC7 else {
                self = .action(plan, exchange)
                return (.failed(.unexpectedAPDU(tag: tag, waitingFor: .actionResponse)), nil)
            }
            let step = exchange.received(apdu)
            self = .action(plan, exchange)
            guard case .finished(let outcomes) = step else {
                return (unfinished(step, list: plan.asksForList, \.methodLists, &association), nil)
            }
            if let content = exchange.seenContent { association.info.learned.actionBlockContent = content }
            plan.finished(outcomes, &association.info)
            return (goOn(with: Self.nextAction(plan, &association)), nil)
        case .access(var plan, let exchange):
            guard tag == 0xDA else { return (.failed(.unexpectedAPDU(tag: tag, waitingFor: .accessResponse)), nil) }
            let step = exchange.received(apdu)
            guard case .finished(let outcomes) = step else {
                return (unfinished(step, list: true, \.access, &association), nil)
            }
            plan.finished(outcomes, &association.info)
            return (goOn(with: Self.nextAccess(plan, &association)), nil)
        case .shortName(var exchange):
            self = .modifying
            let step = exchange.received(apdu, &association)
            let delivery = exchange.takeDelivery()
            self = .shortName(exchange)
            return (step, delivery)
        }
    }

    /// Whether an APDU is an answer that names another request than the one in progress, such as one that came twice.
    ///
    /// Answers to short names carry no number.
    private func answersAnother(_ apdu: [UInt8]) -> Bool {
        guard let expected = invokeID, let answered = Self.invokeID(answeredBy: apdu) else { return false }
        return answered != expected
    }

    private var invokeID: UInt32? {
        switch self {
        case .get(_, let exchange): UInt32(exchange.invokeID)
        case .set(_, let exchange): UInt32(exchange.invokeID)
        case .action(_, let exchange): UInt32(exchange.invokeID)
        case .getByAccess(_, let exchange), .access(_, let exchange): exchange.invokeID
        case .unconfirmed, .shortName, .modifying: nil
        }
    }

    /// The number in a get-, set-, action- or access-response; nil for any other APDU.
    private static func invokeID(answeredBy apdu: [UInt8]) -> UInt32? {
        switch apdu.first {
        case 0xC4, 0xC5, 0xC7: apdu.count > 2 ? UInt32(apdu[2] & 0x0F) : nil
        case 0xDA: apdu.count > 4 ? apdu[2...4].reduce(0) { $0 << 8 | UInt32($1) } : nil
        default: nil
        }
    }

    /// Passes on what does not finish an exchange; a list that was answered wrongly is the last one of its service.
    private func unfinished<Outcome>(
        _ step: ExchangeStep<Outcome>,
        list: Bool,
        _ support: WritableKeyPath<LearnedBehaviour, LearnedBehaviour.Support>,
        _ association: inout ClientAssociation
    ) -> Step {
        switch step {
        case .send(let octets, let awaiting): return .send(octets, awaiting: awaiting)
        case .failed(let error):
            if list { association.info.learned[keyPath: support] = .refused }
            return .failed(error)
        case .finished, .ignored: return .ignored
        }
    }

    private mutating func goOn(with next: (ClientExchange?, Step)) -> Step {
        if let exchange = next.0 { self = exchange }
        return next.1
    }
}
