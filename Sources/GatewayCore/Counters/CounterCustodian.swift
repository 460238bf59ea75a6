// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import DLMSEngine
import DLMSSecurity
public import Fleet
public import Logging
public import MeterSessions
import MeterTransport
import Synchronization
public import Timekeeping

/// Keeps the invocation counters of all associations of this process.
///
/// Values are reserved in the store in blocks, durably before the first of a block is used, and handed to associations in
/// small ranges. One counter serves all associations that use the same key and client title, whichever meter they lead
/// to. Other processes reserve from the same store and so get other values. What a process held when it died is lost,
/// which costs a block and nothing else.
public actor CounterCustodian {
    /// How many values an association gets at once, at least; what it does not use is lost with it.
    private static let share: UInt64 = 16
    /// How long a meter is not asked for its counter object again after it had refused us for another reason.
    private static let inquiryPause = Duration.seconds(300)

    private struct Entry {
        var block = CounterBlock()
        /// The reservation under way, which all who need values wait for.
        var refill: Task<CounterStoreError?, Never>?
    }

    private struct Inquirer: Hashable {
        var meter: String
        var association: String
    }

    private let store: any InvocationCounterStore
    private let limits: CounterRepairLimits
    private let clock: any WallClock
    private let logger: Logger
    private var entries: [InvocationCounterID: Entry] = [:]
    private var inquiries: [Inquirer: Timestamp] = [:]
    private nonisolated let peers = PeerCounterLog()

    /// Makes a custodian over a store.
    ///
    /// - Parameters:
    ///   - store: what makes reservations durable.
    ///   - limits: how far meters may make counters jump.
    ///   - clock: the time of day.
    ///   - logger: gets every jump.
    public init(
        store: any InvocationCounterStore,
        limits: CounterRepairLimits = CounterRepairLimits(),
        clock: any WallClock = SystemWallClock(),
        logger: Logger
    ) {
        self.store = store
        self.limits = limits
        self.clock = clock
        self.logger = logger
    }

    /// Reserves values for an association, all above those handed out before.
    func reserve(_ id: InvocationCounterID, count: Int) async throws(CounterStoreError) -> Range<UInt64> {
        let needed = UInt64(clamping: max(count, 1))
        let wanted = max(needed, Self.share)
        while true {
            if let range = entries[id, default: Entry()].block.take(wanted) { return range }
            // Not the caller's own task: others wait for the same reservation, and it counts even if the caller leaves.
            let refill = entries[id]?.refill ?? Task { await self.refill(id, atLeast: wanted) }
            entries[id]?.refill = refill
            switch await refill.value {
            case nil: continue
            case .exhausted:
                // The last values of a key come in smaller numbers.
                guard let rest = entries[id]?.block.take(needed) else { throw .exhausted }
                return rest
            case let error?: throw error
            }
        }
    }

    /// Reserves the next block in the store; returns why that failed.
    private func refill(_ id: InvocationCounterID, atLeast wanted: UInt64) async -> CounterStoreError? {
        let size = max(entries[id, default: Entry()].block.size, wanted)
        // Cleared before anybody who waits for it goes on, so that nobody waits for it again.
        defer { entries[id]?.refill = nil }
        do throws(CounterStoreError) {
            let range = try await store.reserve(id, count: size)
            entries[id]?.block.reserved(range)
            warnIfFewAreLeft(range, id)
            return UInt64(range.count) < wanted ? .exhausted : nil
        } catch {
            return error
        }
    }

    /// Tells the log about every 2^20 values of the last sixteenth of a key, while there is time to change it.
    private func warnIfFewAreLeft(_ range: Range<UInt64>, _ id: InvocationCounterID) {
        guard range.upperBound >= 0xF000_0000, range.lowerBound >> 20 != range.upperBound >> 20 else { return }
        logger.warning(
            "a key has few invocation counters left and has to be changed",
            metadata: ["title": "\(id.systemTitle)", "next": "\(range.upperBound)"]
        )
    }

    /// The value that this process would use next, and what the store has promised; nil for a counter never used.
    func state(
        _ id: InvocationCounterID
    ) async throws(CounterStoreError) -> (next: UInt64, stored: InvocationCounterState)? {
        guard let stored = try await store.state(id) else { return nil }
        return (entries[id]?.block.next ?? stored.next, stored)
    }

    /// The last jumps of a counter, the newest first.
    func repairs(_ id: InvocationCounterID, limit: Int) async throws(CounterStoreError) -> [CounterRepair] {
        try await store.repairs(id, limit: limit)
    }

    /// The highest counter that a meter has proven to have used with a key.
    func peerCounter(of meter: MeterID, key: KeyFingerprint) async throws(CounterStoreError) -> PeerCounter? {
        if let known = peers.last(of: meter, key: key) { return known }
        return try await store.peerCounter(of: meter, key: key)
    }

    /// Makes a counter jump over a value.
    ///
    /// - Parameter isLimited: whether the limits for meters hold; they do not for a person.
    /// - Returns: what was written down; nil when the counter is above the value already.
    func raise(
        _ id: InvocationCounterID,
        above value: UInt32,
        because reason: CounterRepairReason,
        isLimited: Bool
    ) async throws(CounterStoreError) -> CounterRepair? {
        let repair = try await store.raise(
            id,
            above: value,
            from: entries[id]?.block.next,
            because: reason,
            within: isLimited ? limits : nil
        )
        entries[id, default: Entry()].block.raise(to: UInt64(value) + 1)
        if let repair {
            logger.warning(
                "an invocation counter jumped",
                metadata: [
                    "meter": "\(reason.meter)", "association": "\(reason.association)",
                    "cause": "\(reason.cause.rawValue)", "from": "\(repair.from)", "to": "\(repair.to)",
                    "by": "\(reason.madeBy)",
                ]
            )
        }
        return repair
    }

    /// Writes down which counters meters have used since the last time.
    ///
    /// - Throws: ``CounterStoreError/store(_:)``; what could not be written is tried again next time.
    public func keepPeerCounters() async throws(CounterStoreError) {
        let news = peers.takeNews()
        do throws(CounterStoreError) {
            try await store.keepPeerCounters(news)
        } catch {
            peers.putBack(news)
            throw error
        }
    }

    /// Writes counters of meters down every few seconds until the task is cancelled, and once more then.
    public func run(every period: Duration = .seconds(5)) async {
        while !Task.isCancelled {
            try? await clock.sleep(until: clock.now() + period)
            do throws(CounterStoreError) {
                try await keepPeerCounters()
            } catch {
                logger.error("counters of meters could not be stored", metadata: ["reason": "\(error)"])
            }
        }
    }
}

extension CounterCustodian: CounterCustody {
    /// Counters for an association that is about to be opened.
    public func counters(for plan: CounterPlan) async throws(CounterFault) -> CounterOffer {
        let id = try plan.counterID
        do throws(CounterStoreError) {
            let state = try await store.state(id)
            if let state {
                entries[id, default: Entry()].block.stored(next: state.next)
            } else if plan.object != nil {
                return .unknown
            }
            let last = plan.keepsServerCounter ? try await lastPeerCounter(plan) : nil
            return .ready(CounterSource(custodian: self, id: id), lastServerCounter: last)
        } catch {
            throw CounterFault(error)
        }
    }

    /// Follows what a meter says about the counters it has seen.
    public func follow(_ hint: CounterHint, for plan: CounterPlan) async throws(CounterFault) -> Bool {
        let id = try plan.counterID
        guard let meter = MeterID(plan.meter) else { throw .notStored(reason: "a route without a meter") }
        let (value, cause): (UInt32, CounterRepairReason.Cause) =
            switch hint {
            case .firstUse(let value): (value, .firstUse)
            case .counterObject(let value): (value, .counterObject)
            // Observed: some say the value they expect, some the last one they have seen; above it is right for both.
            case .expected(let value): (value, .exceptionResponse)
            }
        let reason = CounterRepairReason(cause: cause, meter: meter, association: plan.association)
        do throws(CounterStoreError) {
            return try await raise(id, above: value, because: reason, isLimited: true) != nil
        } catch {
            logger.error(
                "a meter is ahead of our invocation counter and not followed",
                metadata: [
                    "meter": "\(plan.meter)", "association": "\(plan.association)", "cause": "\(cause.rawValue)",
                    "value": "\(value)", "reason": "\(error)",
                ]
            )
            throw CounterFault(error)
        }
    }

    /// Whether the counter object may be read although the meter gave no reason.
    public func mayInquire(for plan: CounterPlan) -> Bool {
        let inquirer = Inquirer(meter: plan.meter, association: plan.association)
        let now = clock.now()
        if let last = inquiries[inquirer], now - last < Self.inquiryPause, last <= now { return false }
        inquiries[inquirer] = now
        return true
    }

    /// The meter answered in an association.
    public nonisolated func answered(_ info: AssociationInfo, for plan: CounterPlan) {
        guard plan.keepsServerCounter, let counter = info.lastServerCounter,
            let title = info.serverSystemTitle.flatMap({ SystemTitle($0) }), let meter = MeterID(plan.meter)
        else { return }
        peers.note(
            PeerCounter(meter: meter, id: InvocationCounterID(key: plan.key, systemTitle: title), value: counter)
        )
    }

    private func lastPeerCounter(_ plan: CounterPlan) async throws(CounterStoreError) -> ServerCounter? {
        guard let meter = MeterID(plan.meter), let last = try await peerCounter(of: meter, key: plan.key) else {
            return nil
        }
        return ServerCounter(value: last.value, systemTitle: last.id.systemTitle.octets)
    }
}

extension CounterPlan {
    /// Names the counter in the store.
    var counterID: InvocationCounterID {
        get throws(CounterFault) {
            guard let title = SystemTitle(clientSystemTitle) else {
                throw .notStored(reason: "the client's system title has \(clientSystemTitle.count) octets")
            }
            return InvocationCounterID(key: key, systemTitle: title)
        }
    }
}

extension CounterFault {
    init(_ error: CounterStoreError) {
        switch error {
        case .exhausted: self = .exhausted
        case .beyondLimit(.longestJump(let from, let to, let allowed)):
            self = .jumpTooLong(from: from, to: to, allowed: allowed)
        case .beyondLimit(.repairsPerDay(let count)): self = .jumpsTooFrequent(perDay: count)
        case .beyondLimit(.automaticTotal(let from, let to, let allowed)):
            self = .jumpsTooLongTogether(from: from, to: to, allowed: allowed)
        case .store(let error): self = .notStored(reason: "\(error)")
        }
    }
}
