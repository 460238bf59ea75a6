// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
import Fleet
import Jobs
import Timekeeping

/// What came of asking a meter for what its profiles lack.
public struct GapRecovery: Hashable, Sendable {
    /// What came of one profile.
    public struct Profile: Hashable, Sendable {
        /// The profile.
        public let profile: OBISCode
        /// How many rows were missing before.
        public let missingBefore: Int
        /// How many are missing now.
        public let missing: Int
        /// How many will never come.
        public let lost: Int
        /// How many requests were made.
        public let requests: Int
    }

    /// Profile by profile.
    public var profiles: [Profile] = []
}

extension OrderHandler {
    /// Asks a meter for what the ledger says is missing, bounded, and stores what comes.
    func recoverGaps(
        of profile: OBISCode?,
        _ execution: ExecutionRecord,
        _ wishes: Gateway.Wishes,
        in context: ExecutionContext
    ) async throws(GatewayError) -> ExecutionOutcome {
        let memory = try await gateway.directory.memory(of: execution.target)
        var recovery = GapRecovery()
        for ledger in try await gateway.ledgers(of: memory.id) where profile == nil || ledger.profile == profile {
            if context.isCancelRequested { return .refused(.cancelled) }
            recovery.profiles.append(try await recover(ledger.profile, memory, wishes))
        }
        return .succeeded(result: representation.result(of: recovery, meter: memory.id))
    }

    private func recover(
        _ profile: OBISCode,
        _ memory: MeterMemory,
        _ wishes: Gateway.Wishes
    ) async throws(GatewayError) -> GapRecovery.Profile {
        let (before, period) = try await gaps(of: profile, memory)
        let plan = RecoveryPlan(before, period: period)
        for window in plan.windows {
            // Rows and ledger are written together, so that an attempt that ends midway keeps what it has.
            let query = RowsQuery(from: window.lowerBound, to: min(window.upperBound, gateway.clock.now()))
            let pending = try await gateway.prepareRows(query, of: profile, memory.id.text, wishes)
            _ = try await gateway.collectRows(pending)
        }
        let after = plan.windows.isEmpty ? before : try await gaps(of: profile, memory).gaps
        return GapRecovery.Profile(
            profile: profile,
            missingBefore: Self.count(before) { $0 == .missing },
            missing: Self.count(after) { $0 == .missing },
            lost: Self.count(after) { $0 != .missing },
            requests: plan.windows.count
        )
    }

    private func gaps(
        of profile: OBISCode,
        _ memory: MeterMemory
    ) async throws(GatewayError) -> (gaps: [ProfileGap], period: Int64) {
        let now = gateway.clock.now()
        var range = now - Gateway.longestRecoveryTime..<now
        // Days that are complete need not be looked at.
        guard let book = try await gateway.book(of: profile, memory.id, in: range, isIncomplete: true) else {
            return ([], 1)
        }
        range = now - Gateway.recoveryTime(book.ledger.billingDay)..<now
        return (book.gaps(in: range, now: now), book.calendar?.period ?? 1)
    }

    private static func count(_ gaps: [ProfileGap], _ isCounted: (ProfileGap.Kind) -> Bool) -> Int {
        gaps.reduce(0) { isCounted($1.kind) ? $0 + $1.count : $0 }
    }
}
