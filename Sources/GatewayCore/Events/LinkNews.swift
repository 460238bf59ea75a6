// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Synchronization
import Timekeeping

/// Knows which meters answer, and makes events of those that cannot be reached, are left alone, and answer again.
///
/// A meter that answers costs its id and four octets; only those that do not have more.
final class LinkNews: Sendable {
    /// What came of the last exchange with a meter.
    private struct Finding: Equatable {
        /// The share of its line; negative when its line has none.
        let share: Int16
        /// Whether it answered with something else than what was asked.
        let isRefusal: Bool

        init(_ share: Int?, isRefusal: Bool = false) {
            self.share = share.map { Int16(truncatingIfNeeded: $0) } ?? -1
            self.isRefusal = isRefusal
        }

        /// Whether the line is one of this gateway's.
        func isHere(_ held: [Bool]?) -> Bool {
            guard let held, share >= 0 else { return true }
            return held.indices.contains(Int(share)) && held[Int(share)]
        }
    }

    private struct Absence {
        let since: Timestamp
        /// The share of its line; negative when its line has none.
        let share: Int16
        /// When the pause ends for which it is left alone; nil when it is not.
        var pausedUntil: Timestamp?
    }

    private struct Contents {
        var found: [MeterID: Finding] = [:]
        var absent: [MeterID: Absence] = [:]

        func reachability(
            of meter: MeterID,
            _ finding: Finding?,
            _ held: [Bool]?,
            _ now: Timestamp
        ) -> MeterReachability {
            guard let finding, finding.isHere(held) else { return .unknown }
            if finding.isRefusal { return .failing }
            guard let absence = absent[meter] else { return .online }
            return absence.pausedUntil.map { $0 > now } == true ? .breakerOpen : .offline
        }
    }

    private let feed: EventFeed
    private let clock: any WallClock
    private let contents = Mutex(Contents())

    init(feed: EventFeed, clock: any WallClock) {
        self.feed = feed
        self.clock = clock
    }

    // MARK: What happens

    // An exchange may end after its meter was changed or removed: `isPresent` tells under the lock whether what was found
    // still concerns the meter of that name, so that nothing is noted after it was forgotten.

    /// A meter answered.
    ///
    /// - Parameters:
    ///   - share: the share of its line.
    ///   - isPresent: whether the configuration that was used is still the meter's.
    func answered(_ meter: MeterID, share: Int?, while isPresent: @autoclosure () -> Bool = true) {
        let finding = Finding(share)
        let absence: Absence? = contents.withLock { contents in
            guard isPresent() else { return nil }
            if contents.found[meter] != finding { contents.found[meter] = finding }
            return contents.absent.isEmpty ? nil : contents.absent.removeValue(forKey: meter)
        }
        guard let absence else { return }
        var data = JSONObject()
        data["offlineSince"] = .string(absence.since.rfc3339)
        feed.announce([EventFeed.Draft(.meterOnline, meter: meter, data: data)])
    }

    /// A meter answered with something else than what was asked.
    ///
    /// - Parameters:
    ///   - share: the share of its line.
    ///   - isPresent: whether the configuration that was used is still the meter's.
    func refused(_ meter: MeterID, share: Int?, while isPresent: @autoclosure () -> Bool = true) {
        contents.withLock { contents in
            if isPresent() { contents.found[meter] = Finding(share, isRefusal: true) }
        }
    }

    /// An exchange with a meter failed.
    ///
    /// - Parameters:
    ///   - share: the share of its line.
    ///   - pausedUntil: the end of the pause if it is left alone now.
    ///   - isPresent: whether the configuration that was used is still the meter's.
    func failed(
        _ meter: MeterID,
        share: Int?,
        because error: GatewayError,
        pausedUntil: Timestamp?,
        while isPresent: @autoclosure () -> Bool = true
    ) {
        let now = clock.now()
        let (isNew, isPaused) = contents.withLock { contents in
            guard isPresent() else { return (false, false) }
            contents.found[meter] = Finding(share)
            let known = contents.absent[meter]
            var entry = known ?? Absence(since: now, share: Finding(share).share)
            let isPaused = pausedUntil != nil && entry.pausedUntil == nil
            entry.pausedUntil = pausedUntil
            contents.absent[meter] = entry
            return (known == nil, isPaused)
        }
        var drafts: [EventFeed.Draft] = []
        if isNew {
            var data = JSONObject()
            data["problem"] = .string(error.name)
            drafts.append(EventFeed.Draft(.meterOffline, meter: meter, data: data))
        }
        if isPaused, let pausedUntil {
            var data = JSONObject()
            data["until"] = .string(pausedUntil.rfc3339)
            drafts.append(EventFeed.Draft(.meterBreakerOpen, meter: meter, data: data))
        }
        feed.announce(drafts)
    }

    /// The configuration of a meter was changed, or the meter removed: what was found concerned another one.
    ///
    /// - Parameter isRemoved: whether it is removed; one that was told to be away and is only changed, as to another
    ///   address, is told to be back when it answers.
    func forget(_ meter: MeterID, isRemoved: Bool) {
        contents.withLock { contents in
            contents.found[meter] = nil
            if isRemoved { contents.absent[meter] = nil }
        }
    }

    /// Configurations that many meters share were changed, or this gateway has given up lines.
    ///
    /// - Parameter shares: those of the lines; nil = what was found concerns no meter any more.
    func forgetAll(shares: Set<Int>? = nil) {
        contents.withLock { contents in
            guard let shares else {
                contents.found.removeAll()
                return
            }
            contents.found = contents.found.filter { !shares.contains(Int($0.value.share)) }
            contents.absent = contents.absent.filter { !shares.contains(Int($0.value.share)) }
        }
    }

    // MARK: What is known

    /// Whether a meter was told to be away, and not since to be back.
    func isAbsent(_ meter: MeterID) -> Bool {
        contents.withLock { $0.absent[meter] != nil }
    }

    /// How a meter was found when something was last asked of it.
    ///
    /// - Parameter held: whether this gateway has each share of the lines; nil = it has them all.
    func reachability(of meter: MeterID, held: [Bool]?) -> MeterReachability {
        let now = clock.now()
        return contents.withLock { $0.reachability(of: meter, $0.found[meter], held, now) }
    }

    /// Those of some meters that were found so, in their order.
    ///
    /// - Parameter held: whether this gateway has each share of the lines; nil = it has them all.
    func meters(_ reachability: MeterReachability, among meters: [MeterID], held: [Bool]?) -> [MeterID] {
        let now = clock.now()
        return contents.withLock { contents in
            meters.filter { contents.reachability(of: $0, contents.found[$0], held, now) == reachability }
        }
    }

    /// All meters that were found so, in their order.
    ///
    /// - Parameter held: whether this gateway has each share of the lines; nil = it has them all.
    func meters(_ reachability: MeterReachability, held: [Bool]?) -> [MeterID] {
        // A copy, so that nobody who is answered waits for the look.
        let (now, contents) = (clock.now(), contents.withLock { $0 })
        return contents.found.lazy
            .filter { contents.reachability(of: $0.key, $0.value, held, now) == reachability }
            .map(\.key).sorted()
    }

    /// How many meters were found how; those of which nothing is known are not counted.
    ///
    /// - Parameter held: whether this gateway has each share of the lines; nil = it has them all.
    func counts(held: [Bool]?) -> [MeterReachability: Int] {
        let (now, contents) = (clock.now(), contents.withLock { $0 })
        var counts: [MeterReachability: Int] = [:]
        for (meter, finding) in contents.found {
            counts[contents.reachability(of: meter, finding, held, now), default: 0] += 1
        }
        counts[.unknown] = nil
        return counts
    }
}

extension GatewayError {
    /// Whether the meter could not be reached, or did not answer.
    var isAbsence: Bool {
        switch self {
        case .meterUnreachable, .meterTimeout, .meterRefusedConnection, .connectionLost, .meterNotConnected: true
        default: false
        }
    }

    /// Whether the meter gave no answer, for whatever reason.
    var isSilence: Bool {
        switch self {
        case .circuitOpen, .meterBusy, .lineBusy, .waitExceeded: true
        default: isAbsence
        }
    }

    /// Whether the meter answered with something else than what was asked.
    var isRefusal: Bool { party == .meter && !isSilence }
}
