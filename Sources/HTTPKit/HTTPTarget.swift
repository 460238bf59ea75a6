// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Why a request target cannot be read; the caller is at fault.
public enum HTTPTargetFault: Error, Hashable, Sendable {
    /// Neither a path that begins with a slash, nor an absolute URI, nor `*`.
    case noPath
    /// A per cent sign that two hexadecimal digits do not follow.
    case malformedEscape
    /// What the escapes stand for is not UTF-8.
    case invalidUTF8
    /// A character that must be escaped, or an escaped control character in the path.
    case forbiddenCharacter

    /// The problem to answer with.
    public var problem: Problem {
        let detail =
            switch self {
            case .noPath: "The request target must begin with a slash."
            case .malformedEscape: "A per cent sign in the request target is not followed by two hexadecimal digits."
            case .invalidUTF8: "The request target is not UTF-8 after unescaping."
            case .forbiddenCharacter: "The request target holds a character that is not allowed there."
            }
        return Problem("bad-target", status: 400, title: "Malformed request target", detail: detail)
    }
}

/// A request target taken apart: path segments, each unescaped on its own, and the query.
///
/// `%2F` stays inside its segment and never separates two.
public struct HTTPTarget: Hashable, Sendable {
    /// The path's segments; `/` has one empty segment, `/a/` has `a` and an empty one.
    public let segments: [String]
    /// The path as sent, before unescaping.
    public let rawPath: String
    /// The parameters after the question mark.
    public let query: HTTPQuery

    /// The target `*`, used with OPTIONS for the server as a whole.
    public var isServerWide: Bool { rawPath == "*" }

    /// Takes a target apart: origin form (`/path?query`), absolute form (`http://host/path`) or `*` (RFC 9112 §3.2).
    public init(_ raw: String) throws(HTTPTargetFault) {
        if let segments = Self.plainSegments(raw) {
            self.segments = segments
            rawPath = raw
            query = .none
            return
        }
        guard raw.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .forbiddenCharacter }
        let origin = try Self.originForm(raw[...])
        let question = origin.utf8.firstIndex(of: UInt8(ascii: "?"))
        let path = question.map { origin[..<$0] } ?? origin
        rawPath = String(path)
        query = try HTTPQuery(parsing: question.map { origin[origin.utf8.index(after: $0)...] } ?? "")
        guard path != "*" else {
            segments = []
            return
        }
        var segments: [String] = []
        for segment in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            let text = try Self.unescaped(segment)
            guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { throw .forbiddenCharacter }
            segments.append(text)
        }
        self.segments = segments
    }

    /// The segments of a path that needs no unescaping and has no query, which is what most targets are; nil for any other.
    private static func plainSegments(_ raw: String) -> [String]? {
        let segments: [String]?? = raw.utf8.withContiguousStorageIfAvailable { octets -> [String]? in
            guard octets.first == UInt8(ascii: "/") else { return nil }
            var segments: [String] = []
            segments.reserveCapacity(8)
            var start = 1
            for index in 1..<octets.count {
                switch octets[index] {
                case UInt8(ascii: "/"):
                    segments.append(String(decoding: octets[start..<index], as: UTF8.self))
                    start = index + 1
                case UInt8(ascii: "%"), UInt8(ascii: "?"), ...0x20, 0x7F...: return nil
                default: break
                }
            }
            segments.append(String(decoding: octets[start..<octets.count], as: UTF8.self))
            return segments
        }
        return segments ?? nil
    }

    private static func originForm(_ raw: Substring) throws(HTTPTargetFault) -> Substring {
        if raw.utf8.first == UInt8(ascii: "/") || raw == "*" { return raw }
        for scheme in ["http://", "https://"] where raw.lowercased().hasPrefix(scheme) {
            let rest = raw.dropFirst(scheme.count)
            guard let slash = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
            return rest[slash] == "/" ? rest[slash...] : "/" + rest[slash...]
        }
        throw .noPath
    }

    /// Replaces each `%XX` by its octet; `plusIsSpace` also reads `+` as a space, as HTML forms write it.
    static func unescaped(_ text: Substring, plusIsSpace: Bool = false) throws(HTTPTargetFault) -> String {
        let percent = UInt8(ascii: "%")
        let plus = UInt8(ascii: "+")
        guard text.utf8.contains(where: { $0 == percent || (plusIsSpace && $0 == plus) }) else { return String(text) }
        var octets: [UInt8] = []
        var rest = text.utf8[...]
        while let octet = rest.popFirst() {
            if octet == percent {
                guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
                    throw .malformedEscape
                }
                octets.append(high << 4 | low)
            } else {
                octets.append(plusIsSpace && octet == plus ? 0x20 : octet)
            }
        }
        guard let unescaped = String(validating: octets, as: UTF8.self) else { throw .invalidUTF8 }
        return unescaped
    }

    private static func hexDigit(_ octet: UInt8) -> UInt8? {
        switch octet {
        case 0x30...0x39: octet - 0x30
        case 0x41...0x46: octet - 0x37
        case 0x61...0x66: octet - 0x57
        default: nil
        }
    }
}
