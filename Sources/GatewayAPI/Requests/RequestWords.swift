// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
import GatewayCore
import HTTPKit
import Timekeeping

/// The words that many requests share: waiting, freshness, associations, OBIS codes, preconditions.
extension RoutedRequest {
    /// The longest time a caller may wait.
    static let longestWait = Duration.seconds(120)
    /// How long a caller waits who says nothing.
    static let usualWait = Duration.seconds(25)

    /// Who sent the request.
    var caller: Caller {
        let address = request.remoteAddress.isEmpty ? nil : request.remoteAddress
        guard let principal = identity.principal else { return .anonymous(at: address) }
        return Caller(name: principal.name, keyID: principal.keyID, address: address, isAuthenticated: true)
    }

    /// What ties a job to the request: the caller's trace (W3C Trace Context), else the identifier of the request.
    var traceID: String { request.trace?.traceID ?? request.id }

    /// How long the caller waits: `Prefer: wait=N` (RFC 7240), bounded; nil when it does not say.
    var preferredWait: Duration? {
        for directive in headers.directives("Prefer") where directive.name == "wait" {
            guard let value = directive.value, let seconds = Int64(value), seconds >= 0 else { continue }
            return min(.seconds(seconds), Self.longestWait)
        }
        return nil
    }

    /// What the caller wants of a read.
    func wishes() throws -> Gateway.Wishes {
        Gateway.Wishes(
            association: try association(),
            freshness: try freshness(),
            budget: budget,
            priority: priority
        )
    }

    /// How long the caller waits, and who it is.
    var budget: WaitBudget {
        WaitBudget(preferredWait ?? Self.usualWait, caller: identity.principal?.name ?? request.remoteAddress)
    }

    /// How urgent the request is, 0 to 9, from the urgency in `Priority: u=0` to `u=7` (RFC 9218 §4.1); 5 unless it says.
    ///
    /// The usual urgency is 3. An urgency of 0 goes before everything else and is tried although a breaker is open.
    var priority: UInt8 {
        for element in headers.list("Priority") {
            guard let text = element.split(separator: ";").first, text.hasPrefix("u="),
                let urgency = UInt8(text.dropFirst(2)), urgency <= 7
            else { continue }
            return [9, 8, 7, 5, 4, 3, 2, 1][Int(urgency)]
        }
        return 5
    }

    /// The association that the caller chooses.
    func association() throws(Problem) -> String? {
        guard route.query.contains("association"), let name = try query.single("association") else { return nil }
        guard (1...256).contains(name.utf8.count) else {
            throw .badParameter("association", expected: "the name of an association")
        }
        return name
    }

    /// How old a value may be: `maxAge`, `source`, and the directives of `Cache-Control` (RFC 9111 §5.2.1).
    func freshness() throws -> Freshness {
        var freshness = Freshness.usual
        for directive in headers.directives("Cache-Control") {
            switch directive.name {
            case "no-cache", "no-store": freshness.maxAge = .zero
            case "only-if-cached": freshness.onlyIfCached = true
            case "max-stale":
                // Without a number any age will do (RFC 9111 §5.2.1.2).
                guard let text = directive.value else {
                    freshness.maxStale = .seconds(1 << 40)
                    continue
                }
                if let seconds = Int64(text), seconds >= 0 { freshness.maxStale = .seconds(min(seconds, 1 << 40)) }
            case "max-age":
                // A malformed directive is as good as none (RFC 9111 §5.2).
                if let seconds = directive.value.flatMap({ Int64($0) }), seconds >= 0, freshness.maxAge != .zero {
                    freshness.maxAge = .seconds(min(seconds, 1 << 40))
                }
            default: break
            }
        }
        if route.query.contains("maxAge"), let text = try query.single("maxAge") {
            guard let age = Self.age(text) else {
                throw Problem.badParameter("maxAge", expected: "seconds or a duration such as PT15M")
            }
            freshness.maxAge = age
        }
        if route.query.contains("source") {
            switch try query.choice("source", of: SourceChoice.self) {
            case .cache, .stored: freshness.onlyIfCached = true
            case .meter: freshness.maxAge = .zero
            case nil: break
            }
        }
        // Who may not ask meters gets what is kept, however fresh it is wished for.
        if !identity.may(.readingsLive) { freshness.onlyIfCached = true }
        return freshness
    }

    /// Where a caller wants a value from.
    private enum SourceChoice: String, CaseIterable {
        case cache
        case stored
        case meter
    }

    /// Seconds, or a duration.
    private static func age(_ text: String) -> Duration? {
        if text.utf8.count <= 9, !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
            return Int64(text).map { .seconds($0) }
        }
        return Self.duration(text)
    }

    /// `PT15M` or `15m`.
    static func duration(_ text: String) -> Duration? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        if let unit = text.last.flatMap({ units[$0] }), text.utf8.count <= 7, text.utf8.count >= 2,
            text.dropLast().utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int64(text.dropLast())
        {
            return .seconds(number * unit)
        }
        guard let duration = Duration(iso8601: text), duration >= .zero else { return nil }
        return duration
    }

    /// A moment in a query parameter, nil if it is not there.
    func moment(_ name: String) throws(Problem) -> Timestamp? {
        guard let text = try query.singleLiteral(name) else { return nil }
        // `+` is part of the offset here, also when a browser has made a space of it.
        guard let moment = Timestamp(rfc3339: text.map { $0 == " " ? "+" : String($0) }.joined()) else {
            throw .badParameter(name, expected: "a time with its offset, such as 2026-11-22T00:00:00+01:00")
        }
        return moment
    }

    /// A date in a query parameter as days since 1970-01-01, nil if it is not there.
    func date(_ name: String) throws(Problem) -> Int? {
        guard let text = try query.single(name) else { return nil }
        guard let date = CivilDate(iso8601: text) else {
            throw .badParameter(name, expected: "a date such as 2026-11-22")
        }
        return date.daysSinceEpoch
    }

    /// The object that a path segment names.
    func obis(_ name: String = "obis") throws(GatewayError) -> OBISCode {
        let text = parameter(name)
        guard let code = ObjectName.code(text) else { throw .badObjectName(text) }
        return code
    }

    /// The object that a query parameter names; nil if it is not there.
    func objectChoice(_ name: String = "object") throws -> OBISCode? {
        guard let text = try query.single(name) else { return nil }
        guard let code = ObjectName.code(text) else { throw GatewayError.badObjectName(text) }
        return code
    }

    /// The attribute or method in a path segment.
    func member(_ name: String = "n") throws(Problem) -> MemberName {
        guard let member = MemberName(parameter(name)) else {
            throw .badParameter(name, expected: "a number from -128 to 127, or a name such as value")
        }
        return member
    }

    /// The method in a path segment; unlike attributes, methods have no number 0.
    func method(_ name: String = "n") throws(Problem) -> MemberName {
        let method = try member(name)
        guard method != .index(0) else {
            throw .badParameter(name, expected: "a number from -128 to 127 but 0, or a name such as reset")
        }
        return method
    }

    /// The class that the caller names.
    func classID() throws(Problem) -> UInt16? {
        try query.integer("class")
    }

    /// The text to look for in a list.
    func searchText() throws(Problem) -> String? {
        guard let text = try query.single("q") else { return nil }
        guard (1...100).contains(text.unicodeScalars.count) else {
            throw .badParameter("q", expected: "a text of 1 to 100 characters")
        }
        return text
    }

    /// How many entries a page may have.
    func pageLimit() throws(Problem) -> Int {
        try query.integer("limit", in: 1...1000) ?? 100
    }

    /// What makes the request safe to repeat, without its quotes; nil without such a field.
    ///
    /// The draft standard has quotes, most clients leave them out, both mean the same key. An empty one is refused: it protects nobody.
    func idempotencyKey() throws(Problem) -> String? {
        guard let text = headers["Idempotency-Key"] else { return nil }
        let key =
            text.count > 2 && text.hasPrefix("\"") && text.hasSuffix("\"")
            ? String(text.dropFirst().dropLast()) : text
        guard (1...200).contains(key.utf8.count), key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .badParameter("Idempotency-Key", expected: "1 to 200 visible ASCII characters")
        }
        return key
    }

    /// What must hold for a write: `If-Match`, `If-None-Match: *`, or nothing (RFC 9110 §13.1).
    func writePrecondition() -> WritePrecondition {
        if let revisions = ifMatch() { return .ifRevision(revisions) }
        if headers.list("If-Match").contains("*") { return .ifPresent }
        return headers.list("If-None-Match").contains("*") ? .ifAbsent : .unconditional
    }

    /// What must hold for a removal: `If-Match` or nothing.
    func deletePrecondition() -> WritePrecondition {
        ifMatch().map { .ifRevision($0) } ?? .unconditional
    }

    /// The revisions in `If-Match`, nil without such a field or with `*`.
    func ifMatch() -> Set<Revision>? {
        let tags = headers.list("If-Match")
        guard headers["If-Match"] != nil, !tags.contains("*") else { return nil }
        return Set(
            tags.filter { $0.count >= 2 && $0.hasPrefix("\"") && $0.hasSuffix("\"") }
                .map { Revision(String($0.dropFirst().dropLast())) }
        )
    }
}
