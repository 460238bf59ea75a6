// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText
public import Timekeeping

/// Where the value of an option comes from; later ones win.
public enum QuirkOrigin: Hashable, Sendable {
    /// The standard.
    case standard
    /// The record of the meter's model.
    case model
    /// The meter's own configuration.
    case meter
    /// The meter itself, by what it refused at that moment.
    case learned(Timestamp)

    /// The word for it in the API.
    public var word: String {
        switch self {
        case .standard: "standard"
        case .model: "model"
        case .meter: "meter"
        case .learned: "learned"
        }
    }
}

/// One thing that was learned about a meter while talking to it.
public struct LearnedQuirk: Hashable, Sendable {
    /// The name of the option.
    public var name: String
    /// Its value.
    public var value: QuirkValue
    /// When it was learned.
    public var learnedAt: Timestamp

    /// Gathers what was learned.
    public init(name: String, value: QuirkValue, learnedAt: Timestamp) {
        self.name = name
        self.value = value
        self.learnedAt = learnedAt
    }
}

/// How one meter behaves, with the origin of each value: standard, then model, then the meter's own, then learned.
public struct EffectiveBehaviour: Hashable, Sendable {
    /// The behaviour.
    public private(set) var behaviour = MeterBehaviour()
    private var origins: [String: QuirkOrigin] = [:]

    /// Merges what is known; what no option takes is passed over.
    public init(model: MeterModel? = nil, meter: [String: QuirkValue] = [:], learned: [LearnedQuirk] = []) {
        for (name, value) in model?.quirks ?? [:] { apply(name, value, from: .model) }
        for (name, value) in meter { apply(name, value, from: .meter) }
        for quirk in learned { apply(quirk.name, quirk.value, from: .learned(quirk.learnedAt)) }
    }

    /// Where the value of the option comes from.
    public func origin(of name: String) -> QuirkOrigin { origins[name] ?? .standard }

    private mutating func apply(_ name: String, _ value: QuirkValue, from origin: QuirkOrigin) {
        guard let quirk = Quirk.named(name), quirk.apply(value, to: &behaviour) else { return }
        origins[name] = origin
    }
}

extension MeterConfiguration {
    /// How the meter behaves by its model and its own quirks, and by what was learned.
    public func behaviour(learned: [LearnedQuirk] = []) -> EffectiveBehaviour {
        EffectiveBehaviour(model: MeterModelCatalog.standard.model(model), meter: quirks, learned: learned)
    }

    /// Refuses quirks that no option has or takes.
    ///
    /// Asked when a configuration comes from a caller; a stored one may have names of another version.
    ///
    /// - Throws: the first fault by name with its place, and the nearest known name for an unknown one.
    public func checkQuirks() throws(JSONMemberError) {
        let place = JSONPointer("/quirks")
        for (name, value) in quirks.sorted(by: { $0.key < $1.key }) {
            guard let quirk = Quirk.named(name) else {
                let known = Quirk.all.map(\.name)
                throw JSONMemberError(
                    .unknownMember(name: name, suggestion: nearest(name, in: known), known: known),
                    at: place.appending(name)
                )
            }
            guard !quirk.form.takes(value) else { continue }
            var suggestion: String?
            if case .word(let words) = quirk.form, case .text(let text) = value {
                suggestion = nearest(text, in: words)
            }
            throw JSONMemberError(
                .invalid(expected: quirk.form.allowed, suggestion: suggestion),
                at: place.appending(name)
            )
        }
    }
}
