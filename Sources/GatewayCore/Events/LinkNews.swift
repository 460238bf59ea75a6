// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Synchronization
import Timekeeping

/// Makes events of meters that cannot be reached, are left alone, and answer again.
///
/// Knows only those that do not answer, so it is as large as the trouble and not as the fleet.
final class LinkNews: Sendable {
    private struct Absence {
        let since: Timestamp
        var isPaused = false
    }

    private let feed: EventFeed
    private let clock: any WallClock
    private let absent = Mutex<[MeterID: Absence]>([:])

    init(feed: EventFeed, clock: any WallClock) {
        self.feed = feed
        self.clock = clock
    }

    /// A meter answered.
    func answered(_ meter: MeterID) {
        let absence = absent.withLock { $0.isEmpty ? nil : $0.removeValue(forKey: meter) }
        guard let absence else { return }
        var data = JSONObject()
        data["offlineSince"] = .string(absence.since.rfc3339)
        feed.announce([EventFeed.Draft(.meterOnline, meter: meter, data: data)])
    }

    /// An exchange with a meter failed.
    ///
    /// - Parameter pausedUntil: the end of the pause if it is left alone now.
    func failed(_ meter: MeterID, because error: GatewayError, pausedUntil: Timestamp?) {
        let now = clock.now()
        let (isNew, isPaused) = absent.withLock { absent in
            let known = absent[meter]
            var entry = known ?? Absence(since: now)
            let isPaused = pausedUntil != nil && !entry.isPaused
            entry.isPaused = pausedUntil != nil
            absent[meter] = entry
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
}
