// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import MeterTransport
import Timekeeping

extension Scenario {
    /// The most meters that a scenario may have.
    static let mostMeters = 60_000

    /// Reads the text of a scenario file.
    ///
    /// - Throws: ``ScenarioError`` with line and column of the first fault, and the nearest word for a misspelt one.
    public init(text: [UInt8]) throws(ScenarioError) {
        let value: JSONValue
        do {
            value = try JSONReader.parse(text)
        } catch {
            throw ScenarioError(error)
        }
        do {
            try self.init(value)
        } catch {
            throw ScenarioError(error, in: text)
        }
    }

    init(_ value: JSONValue) throws(JSONMemberError) {
        var members = try JSONMembers(value)
        name = try members.requiredString("name")
        description = try members.optionalString("description")
        seed = try members.optionalInteger("seed") ?? 1
        phases = try Self.phases(&members)
        let known = Set(phases.phases.map(\.name))
        let items = try members.requiredArray("lines")
        guard !items.isEmpty else {
            throw JSONMemberError(.invalid(expected: "at least one line", suggestion: nil), at: "/lines")
        }
        lines = []
        for (index, item) in items.enumerated() {
            let pointer = JSONPointer("/lines").appending(index)
            lines.append(try Line(try JSONMembers(item, at: pointer), phases: known))
        }
        try members.finish()
        guard meterCount <= Self.mostMeters else {
            throw JSONMemberError(.invalid(expected: "at most \(Self.mostMeters) meters in all"), at: "/lines")
        }
    }

    private static func phases(_ members: inout JSONMembers) throws(JSONMemberError) -> ScenarioPhases {
        let isRepeated = try members.optionalBool("repeat") ?? false
        let items = try members.optionalArray("phases") ?? []
        var phases = ScenarioPhases(isRepeated: isRepeated)
        for (index, item) in items.enumerated() {
            var phase = try JSONMembers(item, at: JSONPointer("/phases").appending(index))
            let name = try phase.requiredString("name")
            let length = try phase.optionalDuration("for", in: .milliseconds(1)...Duration.seconds(86_400 * 366))
            try phase.finish()
            if phases.phases.contains(where: { $0.name == name }) {
                throw phase.fault("name", .invalid(expected: "a name that no other phase has"))
            }
            let isLast = index == items.count - 1
            if length == nil, !isLast || isRepeated {
                throw phase.fault("for", .invalid(expected: "there in each phase that another one follows"))
            }
            phases.phases.append(.init(name: name, length: length))
        }
        if isRepeated, phases.phases.isEmpty {
            throw members.fault("repeat", .invalid(expected: "absent where there are no phases"))
        }
        return phases
    }
}

extension JSONMembers {
    /// A duration in ISO 8601 form, or short as in `300ms`, within a range; nil when absent.
    mutating func optionalDuration(
        _ name: String,
        in range: ClosedRange<Duration>
    ) throws(JSONMemberError) -> Duration? {
        guard let text = try optionalString(name) else { return nil }
        guard let duration = Duration(iso8601: text) else {
            throw fault(name, .invalid(expected: "a duration such as PT10S or 300ms", suggestion: nil))
        }
        guard range.contains(duration) else {
            throw fault(
                name,
                .outOfRange(allowed: "from \(range.lowerBound.iso8601) to \(range.upperBound.iso8601)")
            )
        }
        return duration
    }

    /// A duration that has to be there.
    mutating func requiredDuration(_ name: String, in range: ClosedRange<Duration>) throws(JSONMemberError) -> Duration
    {
        guard let duration = try optionalDuration(name, in: range) else {
            throw JSONMemberError(.missingMember(name: name), at: pointer)
        }
        return duration
    }

    /// A number from 0 to 1; nil when absent.
    mutating func optionalProbability(_ name: String) throws(JSONMemberError) -> Double? {
        guard let number = try optionalNumber(name) else { return nil }
        guard (0...1).contains(number.double) else { throw fault(name, .outOfRange(allowed: "a number from 0 to 1")) }
        return number.double
    }

    /// A fault at one of the members.
    func fault(_ name: String, _ kind: JSONMemberError.Kind) -> JSONMemberError {
        JSONMemberError(kind, at: pointer.appending(name))
    }
}
