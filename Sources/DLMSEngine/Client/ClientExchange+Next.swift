// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

extension ClientExchange {
    /// Begins the next part of a plan; nil in the first place when nothing needs to be sent.
    static func nextGet(_ plan: GetPlan, _ association: inout ClientAssociation) -> (ClientExchange?, Step) {
        var plan = plan
        let asked = plan.next(association.info, settings: association.settings)
        guard !asked.isEmpty else { return (nil, .completed(.get(plan.response))) }
        if plan.asksByAccess {
            let exchange = AccessExchange(
                asked.map { .get($0) },
                breaksOnError: false,
                invokeID: association.nextInvokeID(),
                association.info
            )
            return begin(.getByAccess(plan, exchange), exchange.start(), &association)
        }
        let exchange = GetExchange(
            requests: asked,
            invokeID: association.nextInvokeID(),
            streams: plan.streams,
            limit: association.settings.maximumResponseLength
        )
        let octets = exchange.firstRequest
        let limit = association.info.requestLimitWithoutBlocks
        guard octets.count <= limit else {
            return (nil, .failed(.requestTooLong(octets: octets.count, limit: limit)))
        }
        association.lastRequestLength = octets.count
        return (.get(plan, exchange), .send(octets, awaiting: .getResponse))
    }

    /// Begins the next part of a plan; nil in the first place when nothing needs to be sent.
    static func nextSet(_ plan: SetPlan, _ association: inout ClientAssociation) -> (ClientExchange?, Step) {
        var plan = plan
        let writes = plan.next(association.info, association.settings)
        guard !writes.isEmpty else { return (nil, .completed(.set(plan.outcomes))) }
        var exchange = SetExchange(writes, invokeID: association.nextInvokeID(), association.info)
        let step = exchange.start()
        return begin(.set(plan, exchange), step, &association)
    }

    /// The only request of a write without an answer.
    static func startUnconfirmed(
        _ write: AttributeWrite,
        _ association: inout ClientAssociation
    ) -> (ClientExchange?, Step) {
        let header = InvokeIDAndPriority(invokeID: association.nextInvokeID(), isConfirmed: false)
        let octets = SetRequest.normal(header, write.request, write.value).octets
        let limit = association.info.requestLimitWithoutBlocks
        guard octets.count <= limit else {
            return (nil, .failed(.requestTooLong(octets: octets.count, limit: limit)))
        }
        return (.unconfirmed, .send(octets, awaiting: .setResponse))
    }

    /// Begins the next part of a plan; nil in the first place when nothing needs to be sent.
    static func nextAction(_ plan: ActionPlan, _ association: inout ClientAssociation) -> (ClientExchange?, Step) {
        var plan = plan
        let invocations = plan.next(association.info, association.settings)
        guard !invocations.isEmpty else { return (nil, .completed(plan.response)) }
        var exchange = ActionExchange(
            invocations,
            invokeID: association.nextInvokeID(),
            association.info,
            limit: association.settings.maximumResponseLength
        )
        let step = exchange.start()
        return begin(.action(plan, exchange), step, &association)
    }

    /// Begins the next part of a plan; nil in the first place when nothing needs to be sent.
    static func nextAccess(_ plan: AccessPlan, _ association: inout ClientAssociation) -> (ClientExchange?, Step) {
        var plan = plan
        let items = plan.next(association.info)
        guard !items.isEmpty else { return (nil, .completed(plan.response)) }
        let exchange = AccessExchange(
            items,
            breaksOnError: plan.breaksOnError,
            invokeID: association.nextInvokeID(),
            association.info
        )
        return begin(.access(plan, exchange), exchange.start(), &association)
    }

    private static func begin<Outcome>(
        _ exchange: ClientExchange,
        _ step: ExchangeStep<Outcome>,
        _ association: inout ClientAssociation
    ) -> (ClientExchange?, Step) {
        switch step {
        case .send(let octets, let awaiting):
            association.lastRequestLength = octets.count
            return (exchange, .send(octets, awaiting: awaiting))
        case .failed(let error): return (exchange.withNothingAsked, .failed(error))
        case .finished, .ignored: return (nil, .ignored)
        }
    }

    /// The same before its first request, which could not be sent, so that none of its items has an unknown outcome.
    private var withNothingAsked: ClientExchange {
        switch self {
        case .set(var plan, let exchange):
            plan.nothingAsked()
            return .set(plan, exchange)
        case .action(var plan, let exchange):
            plan.nothingAsked()
            return .action(plan, exchange)
        case .access(var plan, let exchange):
            plan.nothingAsked()
            return .access(plan, exchange)
        case .get, .getByAccess, .unconfirmed, .shortName, .modifying: return self
        }
    }
}

extension AccessOutcome {
    /// What came of an item that was a read.
    var read: GetResult {
        if case .get(let result) = self { result } else { .failure(.otherReason) }
    }
}
