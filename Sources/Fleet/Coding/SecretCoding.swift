// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity
public import JSONText

/// How secrets are written in the JSON form of a configuration.
public enum SecretEncoding: Hashable, Sendable {
    /// As `{"set":true}`, for callers.
    case redacted
    /// As `{"sealed":"..."}` with the text given for each place, for a database.
    case sealed([JSONPointer: String])
}

/// How secrets are read from the JSON form of a configuration.
public enum SecretDecoding: Hashable, Sendable {
    /// From callers, as `{"text":..}`, `{"hex":..}` or `{"base64":..}`.
    ///
    /// `{"set":true}`, which is what reading shows, keeps the secret that `keeping` has for the place, so that a caller
    /// can change one member of what it has read and send the rest back.
    case clear(keeping: [JSONPointer: Secret])
    /// From a database, as `{"sealed":"..."}`; the secrets opened before, by their places.
    case opened([JSONPointer: Secret])
}

extension SecretEncoding {
    /// Writes the value that stands for a secret.
    func write(at pointer: JSONPointer, into writer: inout JSONWriter) {
        writer.beginObject()
        switch self {
        case .redacted: writer.member("set", true)
        case .sealed(let texts): writer.member("sealed", texts[pointer])
        }
        writer.endObject()
    }
}

extension SecretDecoding {
    /// Reads the value that stands for a secret.
    public func secret(_ value: JSONValue, at pointer: JSONPointer) throws(JSONMemberError) -> Secret {
        let fault = JSONMemberError(
            .invalid(expected: "an object with one of \"text\", \"hex\" and \"base64\"", suggestion: nil),
            at: pointer
        )
        var members = try JSONMembers(value, at: pointer, suchAs: #"{"text":"12345678"}"#)
        switch self {
        case .opened(let secrets):
            _ = try members.optionalString("sealed")
            try members.finish()
            guard let secret = secrets[pointer] else { throw fault }
            return secret
        case .clear(let keeping):
            let text = try members.optionalString("text")
            let hexadecimal = try members.optionalString("hex")
            let base64 = try members.optionalString("base64")
            let isSet = try members.optionalBool("set")
            try members.finish()
            switch (text, hexadecimal, base64, isSet) {
            case (let text?, nil, nil, nil): return Secret(text: text)
            case (nil, let digits?, nil, nil): return try Self.secret(OctetText.hexadecimal(digits), "hex", pointer)
            case (nil, nil, let digits?, nil): return try Self.secret(OctetText.base64(digits), "base64", pointer)
            case (nil, nil, nil, true?):
                guard let secret = keeping[pointer] else { throw fault }
                return secret
            default: throw fault
            }
        }
    }

    private static func secret(
        _ octets: [UInt8]?,
        _ form: String,
        _ pointer: JSONPointer
    ) throws(JSONMemberError) -> Secret {
        guard let octets else {
            // The text itself is not repeated: it is a secret, however it is spelt.
            let expected = form == "hex" ? "pairs of hexadecimal digits" : "base64"
            throw JSONMemberError(.invalid(expected: expected, suggestion: nil), at: pointer.appending(form))
        }
        return Secret(octets)
    }
}
