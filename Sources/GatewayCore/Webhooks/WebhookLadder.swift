// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Timekeeping

/// When a delivery that failed is tried again: soon at first, then ever less often, for some three days.
public enum WebhookLadder {
    /// The waits after the first try and after those that follow.
    static let waits: [Duration] = [
        .seconds(5), .seconds(5 * 60), .seconds(30 * 60), .seconds(2 * 3600), .seconds(5 * 3600), .seconds(10 * 3600),
        .seconds(14 * 3600), .seconds(20 * 3600), .seconds(24 * 3600),
    ]
    /// No receiver makes the gateway wait longer.
    private static let longest = Duration.seconds(24 * 3600)

    /// How long to wait after so many tries, up to a tenth longer by chance; nil gives up.
    ///
    /// - Parameters:
    ///   - tries: how many there were, at least 1.
    ///   - retryAfter: the field Retry-After of the answer, seconds or a date; what it says is waited for at least.
    ///   - now: when the answer came.
    static func wait(
        after tries: Int,
        retryAfter: String?,
        at now: Timestamp,
        using generator: inout some RandomNumberGenerator
    ) -> Duration? {
        guard (1...waits.count).contains(tries) else { return nil }
        let wait = waits[tries - 1]
        let wanted = retryAfter.flatMap { text in
            Int64(text).map { .seconds($0) } ?? Timestamp(httpDate: text).map { $0 - now }
        }
        let least = max(wait, min(wanted ?? .zero, longest))
        return least + least / 1000 * Int.random(in: 0...100, using: &generator)
    }
}

extension WebhookDelivery {
    /// What came of a try.
    enum Outcome: String {
        /// The receiver took it.
        case delivered
        /// It is to be tried again.
        case retried
        /// It was given up.
        case failed
        /// The receiver wants nothing any more.
        case gone
    }

    /// Enters a try that has an answer, or a reason why there is none.
    mutating func note(
        _ attempt: Attempt,
        retryAfter: String? = nil,
        isTest: Bool = false,
        using generator: inout some RandomNumberGenerator
    ) -> Outcome {
        var attempt = attempt
        tries += 1
        let outcome: Outcome
        switch attempt.status {
        case .some(200..<300):
            state = .delivered
            outcome = .delivered
        case 410?:
            attempt.reason = "the receiver is gone"
            state = .failed
            outcome = .gone
        default:
            if let status = attempt.status {
                let isRedirect = (300..<400).contains(status)
                attempt.reason = isRedirect ? "redirects are not followed" : "the receiver did not take it"
            }
            let wait =
                isTest
                ? nil : WebhookLadder.wait(after: tries, retryAfter: retryAfter, at: attempt.at, using: &generator)
            if let wait {
                dueAt = attempt.at + wait
                outcome = .retried
            } else {
                state = .failed
                outcome = .failed
            }
        }
        attempts = (attempts + [attempt]).suffix(Self.mostAttempts)
        return outcome
    }
}
