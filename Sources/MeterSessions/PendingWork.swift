// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import MeterTransport

/// A request that waits or is carried out, with everybody who waits for its answer.
///
/// Belongs to the actor that made it and never leaves it.
final class PendingWork {
    /// What makes two reads equal.
    struct Key: Hashable {
        var meter: String
        var revision: Int
        var service: ServiceRequest
        var association: String
    }

    /// A caller.
    struct Waiter {
        var id: UInt64
        var deadline: ContinuousClock.Instant
        var since: ContinuousClock.Instant
        var isOrigin: Bool
        var continuation: CheckedContinuation<Result<SessionAnswer, SessionError>, Never>
    }

    let route: MeterRoute
    let request: SessionRequest
    let settings: AssociationSettings
    let delivery: BlockDelivery
    /// Takes down what comes of a check of the way to the meter; nil for what is to be done at the meter.
    let check: CheckLog?
    var priority: UInt8
    var waiters: [Waiter] = []
    var stage = SessionError.Stage.queued
    /// Whether anything of a request may have left for the meter.
    var transmission = TransportError.Transmission.notSent
    /// When it was first taken from the queue.
    var startedAt: ContinuousClock.Instant?
    var connectTime = Duration.zero
    var exchangeTime = Duration.zero
    /// How often it had to make way for urgent work.
    var interruptions = 0
    /// Whether it is making way now, to be begun again later.
    var isInterrupted = false
    /// Stops the step in progress.
    var stop: (() -> Void)?
    /// The results of a GET that is carried out in several steps.
    private var results: [GetResult] = []

    init(
        route: MeterRoute,
        request: SessionRequest,
        settings: AssociationSettings,
        priority: UInt8,
        pacing: StreamPacing? = nil,
        onBlock: (@Sendable ([UInt8]) -> Void)? = nil,
        check: CheckLog? = nil
    ) {
        self.route = route
        self.request = request
        self.settings = settings
        self.priority = priority
        self.check = check
        delivery = BlockDelivery(onBlock, pacing: pacing)
    }

    /// Whether doing it twice does no harm.
    var isRead: Bool { request.service.service == .get }

    /// Whether it can make way for urgent work: to be begun again, which does not happen for ever, or, after a part of
    /// its value was handed over, to be ended if its caller goes on from there.
    var isInterruptible: Bool {
        guard isRead, !isCheck, stage == .exchanging else { return false }
        return delivery.hasBegun ? request.makesWay : interruptions < 3
    }

    /// The key under which others may join; nil for what has to be done for each caller.
    var key: Key? {
        isRead && !isCheck && delivery.taker == nil
            ? Key(
                meter: route.meter,
                revision: route.revision,
                service: request.service,
                association: request.association
            ) : nil
    }

    /// The part to be done next: of a long list of reads only so much that urgent work need not wait for the rest.
    func nextPart(_ info: AssociationInfo) -> ServiceRequest {
        guard case .get(let requests) = request.service, requests.count > 1 else { return request.service }
        let length = info.readListLength(settings)
        return .get(Array(requests.dropFirst(results.count).prefix(length)))
    }

    /// Whether it looks for what is wrong with the way to a meter.
    var isCheck: Bool { check != nil }

    /// Whether a part of it is done, while the rest waits.
    var isPartlyDone: Bool { !results.isEmpty }

    /// Takes the response to a part; returns the whole response when it was the last one.
    func partDone(_ response: ServiceResponse) -> ServiceResponse? {
        guard case .get(let requests) = request.service, case .get(let part) = response else { return response }
        results += part
        // A meter that answers with nothing would be asked for ever.
        return results.count >= requests.count || part.isEmpty ? .get(results) : nil
    }

    /// Takes out the callers whose deadline has passed.
    func removeExpired(_ now: ContinuousClock.Instant) -> [Waiter] {
        let expired = waiters.filter { $0.deadline <= now }
        waiters.removeAll { $0.deadline <= now }
        return expired
    }

    /// Answers all callers.
    func succeed(_ response: ServiceResponse, _ info: AssociationInfo, madeWay: Bool = false) {
        for waiter in takeWaiters() {
            let queue = startedAt.map { max(waiter.since.duration(to: $0), .zero) } ?? .zero
            waiter.continuation.resume(
                returning: .success(
                    SessionAnswer(
                        response: response,
                        timings: .init(queue: queue, connect: connectTime, exchange: exchangeTime),
                        source: waiter.isOrigin ? .live : .shared,
                        association: info,
                        madeWay: madeWay
                    )
                )
            )
        }
    }

    /// Fails all callers.
    func fail(_ error: SessionError) {
        for waiter in takeWaiters() {
            waiter.continuation.resume(returning: .failure(error))
        }
    }

    private func takeWaiters() -> [Waiter] {
        defer { waiters = [] }
        return waiters
    }
}
