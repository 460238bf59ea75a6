// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import MeterTransport

extension Fault {
    private static let longestTime = Duration.seconds(86_400)

    /// Reads the member `faults` of a line or a meter.
    static func list(
        _ members: inout JSONMembers,
        on place: Scenario.Place,
        _ framing: Scenario.Framing,
        phases: Set<String>
    ) throws(JSONMemberError) -> [Fault] {
        var faults: [Fault] = []
        let pointer = members.pointer.appending("faults")
        for (index, item) in (try members.optionalArray("faults") ?? []).enumerated() {
            var fault = try JSONMembers(item, at: pointer.appending(index))
            let effect = try effect(&fault)
            if let reason = effect.unfitness(on: place, framing) {
                throw fault.fault("fault", .invalid(expected: reason))
            }
            let direction = try fault.optionalChoice("of", of: Direction.self)
            if direction != nil, !effect.hasDirection {
                throw fault.fault("of", .invalid(expected: "absent: this fault has no direction"))
            }
            faults.append(Fault(effect, to: direction ?? .answers, when: try condition(&fault, phases)))
            try fault.finish()
        }
        return faults
    }

    private static func effect(_ members: inout JSONMembers) throws(JSONMemberError) -> Effect {
        switch try members.requiredChoice("fault", of: Name.self) {
        case .delay:
            let time = try members.requiredDuration("time", in: .zero...longestTime)
            return .delay(time, jitter: try members.optionalDuration("jitter", in: .zero...longestTime) ?? .zero)
        case .loss: return .loss
        case .silence: return .silence
        case .duplicate: return .duplication(copies: try members.optionalInteger("copies", in: 1...100) ?? 1)
        case .corrupt: return .corruption(octets: try members.optionalInteger("octets", in: 1...65_535) ?? 1)
        case .wrongChecksum: return .wrongChecksum
        case .trickle:
            return .trickle(
                octetTime: try members.requiredDuration("octetTime", in: .milliseconds(1)...Duration.seconds(60))
            )
        case .truncate: return .truncation(octets: try members.optionalInteger("octets", in: 0...65_535))
        case .cut: return .cut(octets: try members.optionalInteger("octets", in: 0...65_535))
        case .close: return .closing
        case .reset: return .reset
        case .halfOpen: return .halfOpen
        case .noise: return .noise(octets: try members.optionalInteger("octets", in: 1...65_535) ?? 3)
        case .echo: return .echo
        case .refuse: return .refusal
        }
    }

    private static func condition(
        _ members: inout JSONMembers,
        _ phases: Set<String>
    ) throws(JSONMemberError) -> Condition {
        let condition = Condition(
            probability: try members.optionalProbability("probability") ?? 1,
            every: try members.optionalInteger("every", in: 1...1_000_000) ?? 1,
            after: try members.optionalInteger("after", in: 0...1_000_000_000) ?? 0,
            times: try members.optionalInteger("times", in: 1...1_000_000_000),
            from: try members.optionalDuration("from", in: .zero...longestTime * 366) ?? .zero,
            until: try members.optionalDuration("until", in: .zero...longestTime * 366),
            phases: try members.optionalStrings("during").map(Set.init)
        )
        if let until = condition.until, until <= condition.from {
            throw members.fault("until", .invalid(expected: "after 'from'"))
        }
        for name in condition.phases?.sorted() ?? [] where !phases.contains(name) {
            throw members.fault(
                "during",
                .invalid(
                    expected: phases.isEmpty
                        ? "absent: there are no phases" : "names of phases, which '\(name)' is not",
                    suggestion: nearest(name, in: phases.sorted())
                )
            )
        }
        return condition
    }
}

extension Fault.Effect {
    /// Whether it may happen to answers or to requests.
    var hasDirection: Bool {
        switch self {
        case .delay, .loss, .duplication, .corruption, .wrongChecksum, .trickle, .truncation, .cut, .closing, .reset,
            .halfOpen, .noise:
            true
        case .silence, .echo, .refusal: false
        }
    }

    /// What the place would have to be for the effect to make sense; nil if it does.
    func unfitness(on place: Scenario.Place, _ framing: Scenario.Framing) -> String? {
        switch self {
        case .cut, .closing, .reset, .halfOpen, .refusal:
            place.hasConnections ? nil : "one that needs no connection to close: udp and pseudoterminal have none"
        case .trickle:
            place.isDatagram ? "another one: a datagram comes whole or not at all" : nil
        case .wrongChecksum:
            framing == .wrapper ? "another one: the wrapper has no check sequence; corrupt changes octets" : nil
        case .delay, .loss, .silence, .duplication, .corruption, .truncation, .noise, .echo:
            nil
        }
    }
}
