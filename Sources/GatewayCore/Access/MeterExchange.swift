// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Fleet
import MeterSessions
import MeterTransport
import Timekeeping

/// Carries out requests at meters, counts them, and turns failures into what callers come to know.
struct MeterExchange: Sendable {
    /// What a meter answered, and at what price.
    struct Answer: Sendable {
        let response: ServiceResponse
        let timings: ExchangeTimings
        let isShared: Bool
        /// Whether everything about the answer's protection that could be checked was.
        let isVerified: Bool
        /// Whether objects are named by short names on the wire.
        let usesShortNames: Bool
        /// Whether a streamed value ended early to make way for urgent work; the rest has to be asked for.
        var madeWay = false
    }

    let access: any MeterAccess
    let metrics: GatewayMetrics
    let learning: LearnedQuirkKeeper
    /// Where readouts of text meters are kept.
    let readouts: any ReadoutStore
    let clock: any WallClock
    /// Told of meters that answer and that do not.
    let news: LinkNews

    /// Carries out one request; of a text meter by what it says in its own protocol.
    ///
    /// - Parameters:
    ///   - service: what to do.
    ///   - errand: at which meter, and for how long.
    ///   - makesWay: whether a value in parts may end early, because urgent work waits.
    ///   - pacing: slows the meter down when the taker of the parts lags behind.
    ///   - onBlock: takes the value of a single GET in parts as they come.
    ///   - isOrder: whether this is an order to switch supply, which is refused to everything else.
    /// - Throws: ``GatewayError/ordersOnly(_:)`` for what would or could switch supply without an order.
    func perform(
        _ service: ServiceRequest,
        for errand: MeterErrand,
        makesWay: Bool = false,
        pacing: StreamPacing? = nil,
        onBlock: (@Sendable ([UInt8]) -> Void)? = nil,
        isOrder: Bool = false
    ) async throws(GatewayError) -> Answer {
        if !isOrder, service.service != .get {
            let supply = SupplyGuard(exchange: self, errand: errand)
            try await supply.check(service)
        }
        if let text = errand.memory.text {
            var session = TextMeterSession(exchange: self, errand: errand, text: text)
            return try await session.perform(service)
        }
        return try await send(
            service,
            for: errand,
            makesWay: makesWay,
            pacing: pacing,
            onBlock: onBlock
        )
    }

    /// Sends one request as it is.
    func send(
        _ service: ServiceRequest,
        for errand: MeterErrand,
        makesWay: Bool = false,
        pacing: StreamPacing? = nil,
        onBlock: (@Sendable ([UInt8]) -> Void)? = nil
    ) async throws(GatewayError) -> Answer {
        let (memory, association) = (errand.memory, errand.association)
        let kind = service.service
        do throws(SessionError) {
            let answer = try await access.perform(
                SessionRequest(
                    service: service,
                    association: association,
                    caller: errand.budget.caller,
                    makesWay: makesWay
                ),
                on: memory.route,
                deadline: errand.budget.deadline,
                priority: errand.priority,
                pacing: pacing,
                onBlock: onBlock
            )
            let timings = ExchangeTimings(
                queue: answer.timings.queue,
                connect: answer.timings.connect,
                exchange: answer.timings.exchange
            )
            if answer.source == .live {
                news.answered(memory.id, share: memory.route.share, while: memory.isPresent)
                metrics.exchanges.increment(MetricLabels(kind.rawValue, "success"))
                metrics.exchangeDuration.observe(timings.exchange, MetricLabels(kind.rawValue))
            }
            learning.note(answer.association.learned, of: memory)
            return Answer(
                response: answer.response,
                timings: timings,
                isShared: answer.source == .shared,
                isVerified: answer.association.answerProtection.isVerified,
                usesShortNames: answer.association.usesShortNames,
                madeWay: answer.madeWay
            )
        } catch {
            let configuration = memory.record.configuration
            let context = ExchangeContext(
                meter: memory.id,
                association: association,
                channel: memory.route.channel.text,
                endpoint: memory.route.medium.description,
                timeouts: configuration.timeouts,
                service: kind,
                present: PresentTime(clock)
            )
            let failure = notConnected(error, memory) ?? GatewayError(error, context, waited: errand.budget.length)
            metrics.exchanges.increment(MetricLabels(kind.rawValue, failure.name))
            switch failure {
            case .associationRejected, .authenticationFailedAtMeter:
                metrics.associationFailures.increment(MetricLabels(failure.name))
            default: break
            }
            await tell(failure, of: memory)
            throw failure
        }
    }

    /// Tells those who keep the news of meters what a failure says about one.
    func tell(_ failure: GatewayError, of memory: MeterMemory) async {
        let share = memory.route.share
        // A line that is left alone as a whole shows only by what is refused.
        if case .circuitOpen(_, let end) = failure {
            news.failed(memory.id, share: share, because: failure, pausedUntil: end, while: memory.isPresent)
        } else if failure.isAbsence {
            let (breaker, present) = (await access.status(of: memory.route.meter).breaker, PresentTime(clock))
            let end = breaker.state == .open ? breaker.until.map { present.timestamp(of: $0) } : nil
            news.failed(memory.id, share: share, because: failure, pausedUntil: end, while: memory.isPresent)
        } else if failure.isRefusal {
            news.refused(memory.id, share: share, while: memory.isPresent)
        }
    }
}
