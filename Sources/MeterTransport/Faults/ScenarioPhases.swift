// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The phases of a scenario, one after the other.
public struct ScenarioPhases: Hashable, Sendable {
    /// One phase.
    public struct Phase: Hashable, Sendable {
        /// What it is called; faults refer to it.
        public var name: String
        /// How long it lasts, above zero; nil = to the end.
        public var length: Duration?

        /// Makes a phase.
        public init(name: String, length: Duration?) {
            self.name = name
            self.length = length
        }
    }

    /// The phases in their order.
    public var phases: [Phase]
    /// Whether they begin anew after the last.
    public var isRepeated: Bool

    /// Makes the phases of a scenario, by default none.
    public init(_ phases: [Phase] = [], isRepeated: Bool = false) {
        self.phases = phases
        self.isRepeated = isRepeated
    }

    /// The phase at a time from the start, and when it ends (nil = never); no phase after the last one.
    public func phase(at time: Duration) -> (name: String?, end: Duration?) {
        var start = Duration.zero
        if isRepeated, let round, round > .zero { start = round * Int64(time / round) }
        for phase in phases {
            guard let length = phase.length else { return (phase.name, nil) }
            if time < start + length { return (phase.name, start + length) }
            start += length
        }
        return (nil, nil)
    }

    /// How long all phases last together; nil if one has no end.
    private var round: Duration? {
        var sum = Duration.zero
        for phase in phases {
            guard let length = phase.length else { return nil }
            sum += length
        }
        return sum
    }
}
