// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine
internal import Synchronization

/// What came of trying the way to a meter step by step.
public struct MeterCheck: Hashable, Sendable {
    /// The steps, in the order in which they are taken.
    public enum Step: String, Hashable, Sendable, CaseIterable {
        /// The name of the host is looked up.
        case nameLookUp = "name-look-up"
        /// The connection is made, the port opened, or the number dialled.
        case connect
        /// The meter is asked to identify itself (IEC 62056-21); in mode E it changes to HDLC then.
        case signOn = "sign-on"
        /// The HDLC link is set up.
        case link
        /// The association is asked for.
        case association
        /// Both sides prove who they are.
        case authentication
        /// The logical device name is read: 0.0.42.0.0.255, attribute 2; not in the text protocol.
        case read
    }

    /// What came of a step.
    public enum Outcome: Hashable, Sendable {
        /// It succeeded.
        case ok
        /// It failed, and the check ended with it.
        case failed(SessionError)
        /// It was not needed, or nothing led so far.
        case skipped
    }

    /// A step with what came of it.
    public struct Result: Hashable, Sendable {
        /// The step.
        public var step: Step
        /// What came of it.
        public var outcome: Outcome
        /// How long it took.
        public var duration: Duration
    }

    /// All steps in their order.
    public var results: [Result]
    /// What the meter answered in the last step; nil without an answer.
    ///
    /// A refusal of the read is an answer, too: it shows that everything below the object is well.
    public var response: ServiceResponse?

    /// Whether no step failed.
    public var isWell: Bool {
        results.allSatisfy {
            if case .failed = $0.outcome { false } else { true }
        }
    }
}

/// Takes down the steps of a check as they are taken.
final class CheckLog: Sendable {
    private struct Content {
        var results = MeterCheck.Step.allCases.map { MeterCheck.Result(step: $0, outcome: .skipped, duration: .zero) }
        var current: (place: Int, since: ContinuousClock.Instant)?
        var response: ServiceResponse?
        var hasFailed = false
    }

    private let content = Mutex(Content())
    private let now: @Sendable () -> ContinuousClock.Instant

    init(now: @escaping @Sendable () -> ContinuousClock.Instant) {
        self.now = now
    }

    /// Whether any step was taken.
    var hasBegun: Bool {
        content.withLock { content in
            content.current != nil || content.results.contains { $0.outcome != .skipped }
        }
    }

    /// What was taken down.
    var check: MeterCheck {
        content.withLock { MeterCheck(results: $0.results, response: $0.response) }
    }

    /// A step begins, and the one before has succeeded.
    func begin(_ step: MeterCheck.Step) {
        end(with: .ok, next: step)
    }

    /// All steps have succeeded.
    func succeed(_ response: ServiceResponse) {
        content.withLock { $0.response = response }
        end(with: .ok, next: nil)
    }

    /// The present step failed.
    func fail(_ error: SessionError) {
        end(with: .failed(error), next: nil)
    }

    private func end(with outcome: MeterCheck.Outcome, next: MeterCheck.Step?) {
        let now = now()
        content.withLock { content in
            // What goes on after a failure, such as the deadline's, is not part of the check.
            guard !content.hasFailed else { return }
            if let (place, since) = content.current {
                // A step that is taken again, such as the association after another look at a counter, takes longer.
                content.results[place].outcome = outcome
                content.results[place].duration += since.duration(to: now)
            }
            if case .failed = outcome { content.hasFailed = true }
            let place = next.flatMap { MeterCheck.Step.allCases.firstIndex(of: $0) }
            content.current = place.map { ($0, now) }
        }
    }
}

extension MeterCheck.Step {
    /// The step that is taken at a stage of opening; nil when opening is over.
    init?(_ stage: OpeningStage) {
        switch stage {
        case .signOn: self = .signOn
        case .link: self = .link
        case .association: self = .association
        case .authentication: self = .authentication
        case .open: return nil
        }
    }
}
