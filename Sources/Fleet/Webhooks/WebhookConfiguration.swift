// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity
public import JSONText

/// What an operator says of a webhook: who is told of what.
public struct WebhookConfiguration: Hashable, Sendable {
    /// A name for people.
    public var name: String?
    /// Where it is told.
    public var url: WebhookURL
    /// The types of events that are told; empty tells of all but readings.
    public var types: [EventType]
    /// The meters of which is told, what concerns no single meter left out; nil tells of all.
    public var target: TargetSelection?
    /// Whether anything is told now.
    public var isEnabled: Bool
    /// Why the gateway stopped to tell anything by itself; nil if it did not.
    public var disabledReason: String?

    /// Makes a configuration.
    public init(
        name: String? = nil,
        url: WebhookURL,
        types: [EventType] = [],
        target: TargetSelection? = nil,
        isEnabled: Bool = true,
        disabledReason: String? = nil
    ) {
        self.name = name
        self.url = url
        self.types = types
        self.target = target
        self.isEnabled = isEnabled
        self.disabledReason = disabledReason
    }

    /// Whether events of a type are told.
    public func wants(_ type: EventType) -> Bool {
        types.isEmpty ? type != .readingStored : types.contains(type)
    }

    /// Writes the members of the JSON form into an object that is already begun.
    public func writeMembers(into writer: inout JSONWriter) {
        writer.member("name", name)
        writer.member("url", url.text)
        writer.member("types", types.map(\.text))
        if let target { writer.member("target", target.document) }
        writer.member("enabled", isEnabled)
        if let disabledReason { writer.member("disabledReason", disabledReason) }
    }
}

/// A webhook as a caller or the store writes it.
public struct WebhookDocument: Hashable, Sendable {
    /// The configuration.
    public var configuration: WebhookConfiguration
    /// What deliveries are signed with; nil leaves the secret that there is, or has one drawn.
    public var secret: Secret?

    private static let mostTypes = 32

    /// Reads `{"url":"https://example.com/hook","types":["meter.alarm"],"target":{"group":"feeder-12"}}`.
    ///
    /// - Parameter isStored: whether what only the store says may stand there.
    /// - Throws: `JSONMemberError` with the place of the fault.
    public init(_ value: JSONValue, isStored: Bool = false, at pointer: JSONPointer = .root) throws(JSONMemberError) {
        var members = try JSONMembers(value, at: pointer)
        let name = try members.optionalText("name", "a text of up to 200 characters without control characters") {
            TextCheck.isPlain($0, upTo: 200)
        }
        guard let url = WebhookURL(try members.requiredString("url")) else {
            throw JSONMemberError(
                .invalid(expected: "a URL such as https://example.com/hook, without user and fragment"),
                at: pointer.appending("url")
            )
        }
        let texts = try members.optionalStrings("types") ?? []
        if !isStored { try Self.check(texts, at: pointer.appending("types")) }
        let types = texts.compactMap { EventType($0) }
        guard types.count == texts.count, types.count <= Self.mostTypes, Set(types).count == types.count else {
            throw members.fault("types", "up to \(Self.mostTypes) types of events such as meter.alarm, each once")
        }
        configuration = WebhookConfiguration(name: name, url: url, types: types)
        if let target = members.optionalValue("target"), !target.isNull {
            configuration.target = try TargetSelection(target, at: pointer.appending("target"))
        }
        configuration.isEnabled = try members.optionalBool("enabled") ?? true
        if isStored { configuration.disabledReason = try members.optionalString("disabledReason") }
        if !isStored, let text = try members.optionalString("secret") {
            guard let secret = WebhookSecret.read(text) else {
                throw JSONMemberError(
                    .invalid(expected: "whsec_ and 24 to 64 octets in base64"),
                    at: pointer.appending("secret")
                )
            }
            self.secret = secret
        }
        try members.finish()
    }

    /// Refuses types that would never come: misspelt ones, and those that only streams tell.
    private static func check(_ types: [String], at pointer: JSONPointer) throws(JSONMemberError) {
        let known = EventType.all.filter(\.isKept).map(\.text)
        for (index, type) in types.enumerated() where !known.contains(type) {
            throw JSONMemberError(
                .invalid(
                    expected: "one of \(known.joined(separator: ", "))",
                    suggestion: nearest(type, in: known)
                ),
                at: pointer.appending(index)
            )
        }
    }
}

/// Secrets of webhooks as text, by the rules of Standard Webhooks: `whsec_` and the octets in base64.
public enum WebhookSecret {
    private static let prefix = "whsec_"
    private static let lengths = 24...64

    /// Takes the text form; nil for any other text.
    public static func read(_ text: String) -> Secret? {
        guard text.hasPrefix(prefix), let octets = OctetText.base64(String(text.dropFirst(prefix.count))),
            lengths.contains(octets.count)
        else { return nil }
        return Secret(octets)
    }

    /// The text form, for the one answer that shows it.
    public static func exposedText(of secret: Secret) -> String {
        prefix + Base64Text.text(of: secret.exposedOctets)
    }

    /// A new secret of 32 octets.
    public static func drawn() throws(SealingError) -> Secret {
        Secret(try RandomOctets.draw(32))
    }
}
