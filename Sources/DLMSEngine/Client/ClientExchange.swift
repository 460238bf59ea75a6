// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// A request in progress: its plan, and the exchange that carries out the current part of it.
enum ClientExchange: Hashable, Sendable {
    case get(GetPlan, GetExchange)
    case set(SetPlan, SetExchange)
    case action(ActionExchange)
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
        case .get: true
        case .shortName(let exchange): exchange.isRead
        case .set, .action, .modifying: false
        }
    }

    /// Whether it can be ended half-way and begun again from its start.
    var isRepeatable: Bool {
        switch self {
        case .get(_, let exchange): !exchange.hasDelivered
        case .shortName(let exchange): exchange.isRepeatable
        case .set, .action, .modifying: false
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
        case .set(let writes):
            return nextSet(SetPlan(writes), &association)
        case .action(let method, let parameter):
            return startAction(method, parameter, &association)
        }
    }

    /// Takes an APDU of the service.
    mutating func received(_ apdu: [UInt8], _ association: inout ClientAssociation) -> (Step, delivery: [UInt8]?) {
        let tag = apdu[0]
        switch self {
        case .modifying: return (.ignored, nil)
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
        case .set(var plan, var exchange):
            self = .modifying
            guard tag == 0xC5 else { return (.failed(.unexpectedAPDU(tag: tag, waitingFor: .setResponse)), nil) }
            let step = exchange.received(apdu)
            self = .set(plan, exchange)
            switch step {
            case .send(let octets, let awaiting): return (.send(octets, awaiting: awaiting), nil)
            case .failed(let error): return (.failed(error), nil)
            case .ignored: return (.ignored, nil)
            case .finished(let result): plan.finished(result)
            }
            return (goOn(with: Self.nextSet(plan, &association)), nil)
        case .action(var exchange):
            self = .modifying
            guard tag == 0xC7 else { return (.failed(.unexpectedAPDU(tag: tag, waitingFor: .actionResponse)), nil) }
            let step = exchange.received(apdu)
            self = .action(exchange)
            return (Self.step(step), nil)
        case .shortName(var exchange):
            self = .modifying
            let step = exchange.received(apdu, &association)
            let delivery = exchange.takeDelivery()
            self = .shortName(exchange)
            return (step, delivery)
        }
    }

    /// The server refused what was sent last with an error that names no service.
    ///
    /// Only a list can be asked for in another way; anything else fails with the error.
    mutating func refused(_ error: EngineError, _ association: inout ClientAssociation) -> Step {
        if case .shortName(var exchange) = self {
            let step = exchange.refused(error, &association)
            self = .shortName(exchange)
            return step
        }
        guard case .get(var plan, _) = self, plan.asksForList else { return .failed(error) }
        if case .exceptionResponse(let exception) = error, exception.stateError == .serviceNotAllowed {
            return .failed(error)
        }
        plan.listRefused(&association.info)
        return goOn(with: Self.nextGet(plan, &association))
    }

    private mutating func goOn(with next: (ClientExchange?, Step)) -> Step {
        if let exchange = next.0 { self = exchange }
        return next.1
    }

    private static func nextGet(
        _ plan: GetPlan,
        _ association: inout ClientAssociation
    ) -> (ClientExchange?, Step) {
        var plan = plan
        let asked = plan.next(association.info, settings: association.settings)
        guard !asked.isEmpty else { return (nil, .completed(.get(plan.response))) }
        let exchange = GetExchange(
            requests: asked,
            invokeID: association.nextInvokeID(),
            streams: plan.streams,
            limit: association.settings.maximumResponseLength
        )
        let octets = exchange.firstRequest
        let limit = association.info.requestLimit
        if octets.count > limit {
            return (nil, .failed(.requestTooLong(octets: octets.count, limit: limit)))
        }
        return (.get(plan, exchange), .send(octets, awaiting: .getResponse))
    }

    private static func nextSet(
        _ plan: SetPlan,
        _ association: inout ClientAssociation
    ) -> (ClientExchange?, Step) {
        guard let write = plan.next else { return (nil, .completed(.set(plan.response))) }
        var exchange = SetExchange(write, invokeID: association.nextInvokeID(), association.info)
        let step = exchange.start()
        switch step {
        case .send(let octets, let awaiting): return (.set(plan, exchange), .send(octets, awaiting: awaiting))
        case .failed(let error): return (nil, .failed(error))
        case .finished, .ignored: return (nil, .ignored)
        }
    }

    private static func startAction(
        _ method: MethodDescriptor,
        _ parameter: DLMSData?,
        _ association: inout ClientAssociation
    ) -> (ClientExchange?, Step) {
        var exchange = ActionExchange(
            method,
            parameter: parameter,
            invokeID: association.nextInvokeID(),
            association.info,
            limit: association.settings.maximumResponseLength
        )
        let first = step(exchange.start())
        if case .send = first { return (.action(exchange), first) }
        return (nil, first)
    }

    private static func step(_ step: ExchangeStep<ActionOutcome>) -> Step {
        switch step {
        case .send(let octets, let awaiting): .send(octets, awaiting: awaiting)
        case .finished(let outcome): .completed(.action(outcome))
        case .failed(let error): .failed(error)
        case .ignored: .ignored
        }
    }
}
