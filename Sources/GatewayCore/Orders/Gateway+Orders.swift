// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
public import DLMSCodec
public import Fleet
import Glibc
import JSONText
public import Jobs
import Timekeeping

extension Gateway {
    /// An order as it was taken: its job, and whether a request with the same key had made it before.
    public typealias TakenOrder = (job: JobRecord, isReplayed: Bool)

    /// What the disconnector of a meter shows now.
    ///
    /// - Throws: ``Fleet/GatewayError/noDisconnector(_:)``.
    public func disconnector(
        of meter: String,
        object: OBISCode? = nil,
        _ wishes: Wishes
    ) async throws(GatewayError) -> DisconnectorReading {
        let memory = try await directory.memory(of: meter)
        guard memory.text == nil else { throw .noDisconnector(memory.id) }
        let name = try association(wishes.association, for: .reading, memory)
        do throws(GatewayError) {
            return try await disconnectorProcedure(memory, name, wishes).read(object)
        } catch {
            // Those who only read may not be shown the disconnector; those who switch are.
            let managing = try association(wishes.association, for: .managing, memory)
            guard case .noDisconnector = error, managing != name else { throw error }
            return try await disconnectorProcedure(memory, managing, wishes).read(object)
        }
    }

    /// Takes an order for later; it is durable when this returns.
    ///
    /// - Parameters:
    ///   - order: what to do.
    ///   - targets: the meters to do it with.
    ///   - terms: when it may be carried out.
    ///   - caller: who asks.
    ///   - key: makes a repeated request find the first one's job.
    ///   - traceID: ties the job to the request.
    /// - Throws: the reason why no such order is taken; then nothing is ever sent.
    public func submitOrder(
        _ order: DisconnectorOrder,
        targets: [String],
        terms: OrderTerms,
        caller: Caller,
        key: IdempotencyKey?,
        traceID: String
    ) async throws(GatewayError) -> TakenOrder {
        // What was taken once stays taken, whatever holds meanwhile.
        if let key, let job = try await translating(await jobs.job(madeWith: key), operation: "submit") {
            return (job, true)
        }
        guard !isDraining else { throw .draining }
        let now = clock.now()
        let begin = max(terms.notBefore ?? now, now)
        let expiry = try Self.expiry(terms, begin: begin, now: now)
        guard targets.count <= settings.orders.mostTargets else {
            throw .valueOutOfRange(pointer: "/target", allowed: "at most \(settings.orders.mostTargets) meters")
        }
        for target in targets { try await checkOrderable(target, order.action) }
        if let error = held() ?? outsideWindow(order, at: begin) { throw error }
        var order = order
        order.confirmation = neededConfirmation(order, targets: targets.count)
        if let error = unconfirmable(order, caller) { throw error }
        let specification = JobSpecification(
            kind: JobOrder.disconnector(order).kind,
            payload: JobOrder.disconnector(order).document.octets,
            createdBy: caller.name,
            priority: 9,
            limits: OrderSettings.limits(targets: targets.count),
            retry: settings.orders.retry,
            startAt: terms.notBefore.flatMap { $0 > now ? $0 : nil },
            expiresAt: expiry,
            confirmBefore: order.confirmation == .none ? nil : now + OrderSettings.confirmationTime,
            traceID: traceID,
            gate: order.isDryRun ? nil : settings.orders.gate(for: order)
        )
        let result = try await translating(
            await jobs.submit(specification, targets: targets, idempotency: key),
            operation: "submit"
        )
        if case .replayed(let job) = result { return (job, true) }
        return (result.job, false)
    }

    /// Whether an order was sent to a meter of which it is not known yet what came.
    func isOrderInDoubt(_ meter: String) async throws(GatewayError) -> Bool {
        try await translating(await jobs.isInDoubt(meter, behind: JobGate.orders), operation: "order")
    }

    /// What an order would do at one meter; asks the meter, and sends no order.
    public func previewOrder(
        _ order: DisconnectorOrder,
        at meter: String,
        terms: OrderTerms,
        caller: Caller,
        _ wishes: Wishes
    ) async throws(GatewayError) -> OrderPreview {
        let record = try await self.meter(meter)
        let begin = max(terms.notBefore ?? clock.now(), clock.now())
        _ = try Self.expiry(terms, begin: begin, now: clock.now())
        var order = order
        order.confirmation = neededConfirmation(order, targets: 1)
        var checks: [OrderCheck] = []
        func add(_ subject: OrderCheck.Subject, _ failure: GatewayError?) {
            checks.append(OrderCheck(subject: subject, failure: failure))
        }
        let hold = try await ordersHold()
        add(.hold, hold == nil ? nil : .ordersHeld)
        add(.protected, record.configuration.isProtected ? .meterProtected(record.id) : nil)
        add(.window, outsideWindow(order, at: begin))
        add(.fuse, await fuseFailure(order))
        add(.confirmation, unconfirmable(order, caller))
        var wishes = wishes
        wishes.association = order.association ?? wishes.association
        let memory = try await directory.memory(of: meter)
        let procedure = disconnectorProcedure(
            memory,
            try association(wishes.association, for: .managing, memory),
            wishes
        )
        do throws(GatewayError) {
            let state = try await procedure.read(order.object)
            add(.disconnector, nil)
            add(.expectedState, procedure.unexpected(order, state))
            add(.controlMode, procedure.disallowed(order, state))
            return OrderPreview(order: order, checks: checks, state: state)
        } catch {
            add(.disconnector, error)
            return OrderPreview(order: order, checks: checks, state: nil)
        }
    }

    /// Why orders are held: by an operator, or by the file of this gateway; nil when they are not.
    public func ordersHold() async throws(GatewayError) -> GateHold? {
        if let hold = try await translating(await jobs.hold(of: JobGate.orders), operation: "submit") {
            return hold
        }
        return held().map { _ in GateHold(by: "file", since: clock.now(), reason: settings.orders.holdFile) }
    }

    /// Holds all orders of all gateways on the database, or with nil ends the hold.
    public func holdOrders(_ hold: GateHold?) async throws(GatewayError) {
        try await translating(await jobs.setHold(hold, of: JobGate.orders), operation: "submit")
    }

    /// Confirms an order that waits for it.
    ///
    /// - Parameters:
    ///   - token: ``confirmationToken(of:)`` as the caller was told it.
    ///   - count: how many meters the caller takes the order to be about; needed for more than one.
    public func confirmOrder(
        _ id: String,
        caller: Caller,
        token: String?,
        count: Int?
    ) async throws(GatewayError) -> JobRecord {
        let job = try await job(id)
        guard job.state == .awaitingConfirmation, let order = job.disconnectorOrder else {
            throw .wrongState(job: id, state: job.state.rawValue, operation: "confirmation")
        }
        switch order.confirmation {
        case .none: break
        case .own:
            guard caller.name == job.specification.createdBy else {
                throw .confirmationRefused(job: id, reason: "only who made it confirms it")
            }
        case .fourEyes:
            guard caller.isAuthenticated else { throw .confirmationUnavailable }
            guard caller.name != job.specification.createdBy else {
                throw .confirmationRefused(job: id, reason: "somebody else than who made it has to confirm it")
            }
            guard try await !isOfOneHand(caller.name, job.specification.createdBy) else {
                throw .confirmationRefused(
                    job: id,
                    reason:
                        "it made the key of who ordered, or the other way round; somebody whose key a third made has to"
                )
            }
        }
        guard token == (try Self.confirmationToken(of: job)) else {
            throw .confirmationMismatch(job: id, reason: "the token is not the one of this order")
        }
        guard count ?? (job.progress.total == 1 ? 1 : 0) == job.progress.total else {
            throw .confirmationMismatch(
                job: id,
                reason: "\"count\" has to be \(job.progress.total), the number of its meters"
            )
        }
        return try await translating(await jobs.apply(.confirm, to: job.id), job: id, operation: "confirmation")
    }

    /// What stands for exactly this order: the job, what it does, and with how many meters.
    public static func confirmationToken(of job: JobRecord) throws(GatewayError) -> String {
        let text = Array("\(job.id) \(job.progress.total) ".utf8) + job.specification.payload
        guard let hash = try? AuditRecord.hash(of: text) else { throw .internal(reason: "there is no SHA-256") }
        return String(hash.prefix(32))
    }

    func disconnectorProcedure(
        _ memory: MeterMemory,
        _ association: String,
        _ wishes: Wishes
    ) -> DisconnectorProcedure {
        DisconnectorProcedure(access: procedureAccess(memory, association, wishes), clock: clock)
    }

    /// Why this gateway sends no orders at all.
    func held() -> GatewayError? {
        guard let file = settings.orders.holdFile, Glibc.access(file, F_OK) == 0 else { return nil }
        return .ordersHeld
    }

    /// Why a disconnection is not sent at that time of day.
    func outsideWindow(_ order: DisconnectorOrder, at moment: Timestamp) -> GatewayError? {
        guard order.action == .disconnect, let window = settings.orders.window, !window.contains(moment) else {
            return nil
        }
        return .outsideOrderWindow(until: window.opening(after: moment))
    }

    /// Refuses a meter that no such order is for.
    func checkOrderable(_ id: String, _ action: DisconnectControl.Order) async throws(GatewayError) {
        let record = try await meter(id)
        guard record.configuration.framing != .iec62056Part21 else { throw .noDisconnector(record.id) }
        guard !record.configuration.isProtected else { throw .meterProtected(record.id) }
    }

    private func neededConfirmation(_ order: DisconnectorOrder, targets: Int) -> ConfirmationPolicy {
        max(order.confirmation, settings.orders.confirmation, targets > 1 ? .own : .none)
    }

    private func unconfirmable(_ order: DisconnectorOrder, _ caller: Caller) -> GatewayError? {
        order.confirmation == .fourEyes && !caller.isAuthenticated ? .confirmationUnavailable : nil
    }

    private func fuseFailure(_ order: DisconnectorOrder) async -> GatewayError? {
        do throws(JobStoreError) {
            try await jobs.checkAdmission(of: 1, to: settings.orders.gate(for: order))
            return nil
        } catch {
            if case .gateHeld = error { return nil }
            return GatewayError(error, job: "", operation: "submit")
        }
    }

    private static func expiry(
        _ terms: OrderTerms,
        begin: Timestamp,
        now: Timestamp
    ) throws(GatewayError) -> Timestamp {
        guard let wanted = terms.expiresAt else { return begin + OrderSettings.usualValidity }
        guard wanted > begin, wanted <= begin + OrderSettings.longestValidity else {
            throw .valueOutOfRange(
                pointer: "/expiresAt",
                allowed: "a moment in the 24 hours after \(begin == now ? "now" : "notBefore")"
            )
        }
        return wanted
    }
}

extension JobRecord {
    /// The order that the job carries out; nil for a job of another kind.
    public var disconnectorOrder: DisconnectorOrder? {
        guard specification.kind == .disconnect || specification.kind == .reconnect,
            let document = try? JSONReader.parse(specification.payload), var members = try? JSONMembers(document),
            case .disconnector(let order)? = try? JobOrder(kind: specification.kind, members: &members)
        else { return nil }
        return order
    }

    /// Why an order ended without having been sent in time; nil when it did not.
    public var orderLapse: GatewayError? {
        guard state == .expired, disconnectorOrder != nil else { return nil }
        if let moment = specification.confirmBefore, startedAt == nil, let end = finishedAt, end >= moment {
            return .orderUnconfirmed(job: id.text)
        }
        return .orderExpired(job: id.text)
    }
}
