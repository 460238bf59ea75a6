// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import JSONText
import Timekeeping

extension MeterConfiguration {
    /// Writes the JSON form: every member, defaults included.
    public func write(into writer: inout JSONWriter, secrets: SecretEncoding) {
        writer.beginObject()
        writeMembers(into: &writer, secrets: secrets)
        writer.endObject()
    }

    /// Writes the members of the JSON form into an object that is already begun.
    public func writeMembers(into writer: inout JSONWriter, secrets: SecretEncoding) {
        writer.member("name", name)
        writer.name("labels")
        writer.beginObject()
        for (key, value) in labels.sorted(by: { $0.key < $1.key }) {
            writer.name(key)
            writer.string(value)
        }
        writer.endObject()
        writer.member("timeZone", timeZone)
        writer.member("protected", isProtected)
        writer.name("channel")
        switch channel {
        case .inline(let channel): channel.write(into: &writer)
        case .shared(let id): writer.string(id.text)
        }
        writer.member("framing", framing.rawValue)
        writer.name("address")
        address.write(into: &writer)
        writer.member("referencing", referencing.rawValue)
        writer.name("associations")
        writer.beginObject()
        for (name, association) in associations.sorted(by: { $0.key < $1.key }) {
            writer.name(name)
            let place = JSONPointer("/associations").appending(name)
            association.write(into: &writer, at: place, secrets: secrets)
        }
        writer.endObject()
        writer.name("timeouts")
        writer.beginObject()
        writer.member("connect", timeouts.connect.iso8601)
        writer.member("response", timeouts.response.iso8601)
        writer.endObject()
        writer.member("keepAlive", keepAlive.iso8601)
        writer.member("model", model)
        writer.name("quirks")
        writer.beginObject()
        for (key, value) in quirks.sorted(by: { $0.key < $1.key }) {
            writer.name(key)
            value.write(into: &writer)
        }
        writer.endObject()
        if push != PushConfiguration() {
            writer.name("push")
            push.write(into: &writer)
        }
    }
}

extension MeterAddress {
    fileprivate func write(into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("logicalDevice", logicalDevice)
        if physicalDevice != nil { writer.member("physicalDevice", physicalDevice) }
        if octets != nil { writer.member("octets", octets) }
        if device != nil { writer.member("device", device) }
        if let gateway {
            writer.name("gateway")
            gateway.write(into: &writer)
        }
        writer.endObject()
    }
}

extension AssociationConfiguration {
    fileprivate func write(into writer: inout JSONWriter, at place: JSONPointer, secrets: SecretEncoding) {
        writer.beginObject()
        writer.member("clientAddress", clientAddress)
        writer.name("authentication")
        writer.beginObject()
        writer.member("mechanism", authentication.mechanism.rawValue)
        if authentication.secret != nil {
            writer.name("secret")
            secrets.write(at: place.appending("authentication").appending("secret"), into: &writer)
        }
        writer.endObject()
        if let security {
            writer.name("security")
            security.write(into: &writer, at: place.appending("security"), secrets: secrets)
        }
        if userID != nil { writer.member("userId", userID) }
        if isPreEstablished { writer.member("preEstablished", true) }
        writer.endObject()
    }
}

extension SecurityConfiguration {
    fileprivate func write(into writer: inout JSONWriter, at place: JSONPointer, secrets: SecretEncoding) {
        writer.beginObject()
        writer.member("suite", suite.rawValue)
        writer.member("protection", protection.words)
        writer.member("ciphering", ciphering.rawValue)
        if keySet != .unicast { writer.member("keySet", keySet.rawValue) }
        if contentKey != .identified { writer.member("contentKey", contentKey.rawValue) }
        if let clientSystemTitle { writer.member("clientSystemTitle", clientSystemTitle.description) }
        for member in self.secrets.keys.sorted() {
            writer.name(member)
            secrets.write(at: place.appending(member), into: &writer)
        }
        for (member, octets) in [
            ("serverSigningKey", serverSigningKey?.octets), ("serverAgreementKey", serverAgreementKey?.octets),
            ("clientCertificate", clientCertificate),
        ] {
            guard let octets else { continue }
            writer.name(member)
            writer.string(Hexadecimal.text(of: octets))
        }
        if let invocationCounterObject {
            writer.member("invocationCounterObject", invocationCounterObject.description)
        }
        writer.endObject()
    }
}

extension SecurityConfiguration.Protection {
    private static let names: [(Self, String)] = [
        (.authenticated, "authenticated"), (.encrypted, "encrypted"), (.signed, "signed"),
    ]

    /// The words for the members of the set.
    var words: [String] { Self.names.filter { contains($0.0) }.map(\.1) }

    /// All words there are.
    static var allWords: [String] { names.map(\.1) }

    /// The set with the one member of that word; nil for any other word.
    init?(word: String) {
        guard let match = Self.names.first(where: { $0.1 == word }) else { return nil }
        self = match.0
    }
}

extension QuirkValue {
    /// Writes the scalar.
    public func write(into writer: inout JSONWriter) {
        switch self {
        case .bool(let value): writer.bool(value)
        case .integer(let value): writer.integer(value)
        case .decimal(let number): writer.number(text: number.text)
        case .text(let text): writer.string(text)
        }
    }
}
