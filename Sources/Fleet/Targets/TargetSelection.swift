// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText

/// Which meters a job, a schedule or a question is about, as the caller says it; who they are is found when it is used.
///
/// | JSON | meters |
/// |---|---|
/// | `{"meters":["M-1","M-2"]}` | these |
/// | `{"group":"feeder-12"}` | the members of the group |
/// | `{"selector":"region=north,model!=test"}` | those whose labels match |
public enum TargetSelection: Hashable, Sendable {
    /// These, each once.
    case meters([MeterID])
    /// The members that a group has at the time.
    case group(MeterGroupID)
    /// Those whose labels match at the time.
    case selector(LabelSelector)

    /// How many meters may be named one by one.
    public static let mostMeters = 100_000

    /// Reads the JSON form.
    ///
    /// - Throws: `JSONMemberError` with the place of the fault.
    public init(_ value: JSONValue, at pointer: JSONPointer) throws(JSONMemberError) {
        var members = try JSONMembers(value, at: pointer, suchAs: #"{"meters":["M-1001"]}"#)
        let meters = try members.optionalMeters("meters", 1...Self.mostMeters)
        let group: MeterGroupID? = try members.optionalIdentifier("group")
        let selector = try members.optionalSelector("selector")
        try members.finish()
        switch (meters, group, selector) {
        case (let meters?, nil, nil): self = .meters(meters)
        case (nil, let group?, nil): self = .group(group)
        case (nil, nil, let selector?): self = .selector(selector)
        case (nil, nil, nil): throw JSONMemberError(.missingMember(name: "meters"), at: pointer)
        default:
            throw JSONMemberError(
                .invalid(expected: "an object with one of meters, group and selector", suggestion: nil),
                at: pointer
            )
        }
    }

    /// The JSON form.
    public var document: JSONValue {
        switch self {
        case .meters(let meters): Self.object("meters", .array(meters.map { .string($0.text) }))
        case .group(let group): Self.object("group", .string(group.text))
        case .selector(let selector): Self.object("selector", .string(selector.description))
        }
    }

    private static func object(_ name: String, _ value: JSONValue) -> JSONValue {
        .object(JSONObject([.init(name: name, value: value)]) ?? JSONObject())
    }
}

extension JSONMembers {
    /// Identifiers of meters, each once; nil when absent.
    mutating func optionalMeters(
        _ name: String,
        _ count: ClosedRange<Int>
    ) throws(JSONMemberError) -> [MeterID]? {
        guard let texts = try optionalStrings(name) else { return nil }
        let meters = texts.compactMap { MeterID($0) }
        guard count.contains(texts.count), meters.count == texts.count, Set(texts).count == texts.count else {
            throw fault(name, "a list of \(count.lowerBound) to \(count.upperBound) ids of meters, each once")
        }
        return meters
    }

    /// A selector with at least one requirement; nil when absent.
    mutating func optionalSelector(_ name: String) throws(JSONMemberError) -> LabelSelector? {
        guard let text = try optionalString(name) else { return nil }
        guard let selector = LabelSelector(text), !selector.requirements.isEmpty else {
            throw JSONMemberError(
                .invalid(expected: "requirements such as region=north,model!=test"),
                at: pointer.appending(name)
            )
        }
        return selector
    }
}
