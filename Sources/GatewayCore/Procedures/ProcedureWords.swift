// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import DLMSSecurity
import Fleet
public import JSONText
import Timekeeping

extension ClockSyncWish {
    /// Reads `mode`, `maxAdjust`, `minAdjust`, `acrossBoundary` and `dryRun`.
    ///
    /// - Throws: `JSONMemberError` with the place of the fault.
    public init(_ members: inout JSONMembers) throws(JSONMemberError) {
        self.init()
        mode = try members.optionalChoice("mode", of: Mode.self) ?? mode
        maxAdjust = try Self.duration("maxAdjust", &members) ?? maxAdjust
        minAdjust = try Self.duration("minAdjust", &members) ?? minAdjust
        crossesBoundaries = try members.optionalBool("acrossBoundary") ?? false
        isDryRun = try members.optionalBool("dryRun") ?? false
    }

    private static func duration(
        _ name: String,
        _ members: inout JSONMembers
    ) throws(JSONMemberError) -> Duration? {
        guard let text = try members.optionalString(name) else { return nil }
        guard let length = Duration(iso8601: text), length >= .zero else {
            throw JSONMemberError(
                .invalid(expected: "a duration such as PT1M", suggestion: nil),
                at: members.pointer.appending(name)
            )
        }
        return length
    }
}

extension KeyChangeOrder {
    /// Reads `keys` as a list of words, and what ``readTerms(_:)`` reads.
    ///
    /// - Throws: `JSONMemberError` with the place of the fault.
    public init(_ members: inout JSONMembers) throws(JSONMemberError) {
        let place = members.pointer.appending("keys")
        guard let words = try members.optionalStrings("keys") else {
            throw JSONMemberError(.missingMember(name: "keys"), at: members.pointer)
        }
        var keys: Set<TransferredKey> = []
        for (index, word) in words.enumerated() {
            keys.insert(try Self.key(word, at: place.appending(index)))
        }
        guard !keys.isEmpty else {
            throw JSONMemberError(.invalid(expected: "at least one key", suggestion: nil), at: place)
        }
        self.init(keys: keys)
        try readTerms(&members)
    }

    /// Reads `association`, `securitySetup`, `method`, `through` and `acceptLoss`.
    ///
    /// - Throws: `JSONMemberError` with the place of the fault.
    public mutating func readTerms(_ members: inout JSONMembers) throws(JSONMemberError) {
        association = try members.optionalString("association")
        securitySetup = try members.objectName("securitySetup")
        method = try members.optionalChoice("method", of: Method.self) ?? .transfer
        through = try members.optionalString("through")
        acceptsLoss = try members.optionalBool("acceptLoss") ?? false
    }

    /// The key of that word.
    public static func key(_ word: String, at place: JSONPointer) throws(JSONMemberError) -> TransferredKey {
        guard let key = TransferredKey.allCases.first(where: { $0.word == word }) else {
            let words = TransferredKey.allCases.map(\.word)
            throw JSONMemberError(
                .invalid(expected: "one of \(words.joined(separator: ", "))", suggestion: nearest(word, in: words)),
                at: place
            )
        }
        return key
    }
}

extension SecretChangeOrder {
    /// Reads `association`, `through` and `object`.
    ///
    /// - Throws: `JSONMemberError` with the place of the fault.
    public init(_ members: inout JSONMembers) throws(JSONMemberError) {
        self.init(
            association: try members.requiredString("association"),
            through: try members.optionalString("through"),
            object: try members.objectName("object")
        )
    }
}

extension FirmwareOrder {
    /// Reads `image`, `identifier`, `activate` and `association`.
    ///
    /// - Throws: `JSONMemberError` with the place of the fault.
    public init(_ members: inout JSONMembers) throws(JSONMemberError) {
        let place = members.pointer
        let image = try members.requiredString("image")
        guard image.utf8.count == 64, image == image.lowercased(), Hexadecimal.octets(of: image) != nil else {
            throw JSONMemberError(
                .invalid(expected: "the digest of an image: 64 hexadecimal digits in lower case", suggestion: nil),
                at: place.appending("image")
            )
        }
        var identifier: [UInt8]?
        if let value = members.optionalValue("identifier"), !value.isNull {
            identifier = try Self.identifier(value, at: place.appending("identifier"))
        }
        self.init(
            image: image,
            identifier: identifier,
            activates: try members.optionalBool("activate") ?? true,
            association: try members.optionalString("association")
        )
    }

    /// Octets as `{"hex":…}` or `{"text":…}`, or a text alone.
    private static func identifier(_ value: JSONValue, at place: JSONPointer) throws(JSONMemberError) -> [UInt8] {
        let octets: [UInt8]? =
            if let text = value.string ?? value["text"]?.string { Array(text.utf8) } else {
                value["hex"]?.string.flatMap { Hexadecimal.octets(of: $0) }
            }
        guard let octets, (1...64).contains(octets.count) else {
            throw JSONMemberError(
                .invalid(expected: "1 to 64 octets, as a text or {\"hex\":…}", suggestion: nil),
                at: place
            )
        }
        return octets
    }
}
