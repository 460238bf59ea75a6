// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Makes go wrong what passes between a simulated meter and its clients, without any input or output of its own.
///
/// Octets go in, steps come out. It outlives connections, so that "every seventh answer" counts on; what is drawn depends on
/// the seed and on what passed before, so that a scenario repeats.
public struct FaultInjector: Sendable {
    /// What became of a message.
    public struct Outcome: Hashable, Sendable {
        /// What happens, in this order.
        public var steps: [LineStep]
        /// Which faults happened.
        public var faults: [Fault.Name]
    }

    /// The speed at which octets pass; nil = as fast as the medium lets them.
    public var pacing: LinePacing?
    /// How often each fault happened.
    public private(set) var happened: [Fault.Name: Int] = [:]

    private struct Watch {
        let fault: Fault
        var generator: SeededGenerator
        var seen = 0
        var happened = 0
    }

    private let phases: ScenarioPhases
    private var watches: [Watch]

    /// Makes an injector.
    ///
    /// - Parameters:
    ///   - faults: what goes wrong.
    ///   - phases: the phases of the scenario that conditions may name.
    ///   - pacing: the speed of the line; nil = none.
    ///   - seed: what decides about everything random; each fault draws from a sequence of its own.
    public init(
        _ faults: [Fault] = [],
        phases: ScenarioPhases = ScenarioPhases(),
        pacing: LinePacing? = nil,
        seed: UInt64 = 1
    ) {
        self.phases = phases
        self.pacing = pacing
        watches = faults.enumerated().map { place, fault in
            Watch(fault: fault, generator: SeededGenerator(seed: SeededGenerator.seed(seed, place)))
        }
    }

    /// Whether nothing ever changes what passes.
    public var isTransparent: Bool { watches.isEmpty && pacing == nil }

    /// A client connects.
    ///
    /// - Parameter time: since the start of the scenario, as in the other calls.
    /// - Returns: the step `.close` if it is turned away, otherwise none.
    public mutating func connected(at time: Duration) -> Outcome {
        var outcome = Outcome(steps: [], faults: [])
        for index in due(at: time, where: { $0.effect == .refusal }) {
            outcome.faults.append(name(of: index))
            outcome.steps = [.close]
        }
        return outcome
    }

    /// Octets came from a client.
    public mutating func requested(_ octets: [UInt8], at time: Duration) -> Outcome {
        var message = FaultyMessage(octets)
        var faults: [Fault.Name] = []
        for index in due(at: time, where: { $0.effect == .silence || Self.concernsRequests($0) }) {
            faults.append(name(of: index))
            message.apply(watches[index].fault.effect, &watches[index].generator)
        }
        var steps: [LineStep] = message.isEchoed && !message.isLost ? [.send(octets)] : []
        // The octets come in at the speed of the line; the meter has them when the last has come.
        if let pacing, !message.isLost { steps.append(.pause(pacing.time(of: octets.count))) }
        return Outcome(steps: steps + message.steps(pacing: nil) { .deliver($0) }, faults: faults)
    }

    /// The meter says something.
    public mutating func answered(_ octets: [UInt8], at time: Duration) -> Outcome {
        var message = FaultyMessage(octets)
        var faults: [Fault.Name] = []
        for index in due(at: time, where: { $0.effect == .silence || Self.concernsAnswers($0) }) {
            faults.append(name(of: index))
            message.apply(watches[index].fault.effect, &watches[index].generator)
        }
        return Outcome(steps: message.steps(pacing: pacing) { .send($0) }, faults: faults)
    }

    private static func concernsRequests(_ fault: Fault) -> Bool {
        switch fault.effect {
        case .refusal, .silence: false
        case .echo: true
        case .delay, .loss, .duplication, .corruption, .wrongChecksum, .trickle, .truncation, .cut, .closing, .reset,
            .halfOpen, .noise:
            fault.direction == .requests
        }
    }

    private static func concernsAnswers(_ fault: Fault) -> Bool {
        switch fault.effect {
        case .refusal, .silence, .echo: false
        case .delay, .loss, .duplication, .corruption, .wrongChecksum, .trickle, .truncation, .cut, .closing, .reset,
            .halfOpen, .noise:
            fault.direction == .answers
        }
    }

    /// The faults that happen now, of those that a message concerns.
    private mutating func due(at time: Duration, where concerns: (Fault) -> Bool) -> [Int] {
        let phase = phases.phase(at: time).name
        var due: [Int] = []
        for index in watches.indices where concerns(watches[index].fault) {
            let condition = watches[index].fault.condition
            guard condition.isInForce(at: time, phase: phase) else { continue }
            watches[index].seen += 1
            let number = watches[index].seen - condition.after
            guard number > 0, number % condition.every == 0,
                condition.times.map({ watches[index].happened < $0 }) ?? true,
                watches[index].generator.fraction() < condition.probability
            else { continue }
            watches[index].happened += 1
            due.append(index)
        }
        return due
    }

    private mutating func name(of index: Int) -> Fault.Name {
        let name = watches[index].fault.effect.name
        happened[name, default: 0] += 1
        return name
    }
}
