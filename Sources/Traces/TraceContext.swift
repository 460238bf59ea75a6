// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Which trace something is a part of (W3C Trace Context, `traceparent`), with a span of this gateway's own.
public struct TraceContext: Hashable, Sendable {
    /// The trace, as 32 hexadecimal digits in lower case.
    public let traceID: String
    /// The span of the gateway within it, as 16 such digits.
    public let spanID: String
    /// Whether somebody before records the trace.
    public let isSampled: Bool

    /// Begins a span within a trace; nil if that is none.
    public init?(traceID: String, isSampled: Bool) {
        let octets = Array(traceID.utf8)
        guard octets.count == 32, Self.identifier(octets[...]) != nil else { return nil }
        self.init(trace: traceID, isSampled)
    }

    /// Begins a span within the trace that a caller tells; nil for what is to be ignored (W3C Trace Context §3.2, §4.3).
    ///
    /// Of versions to come the part is read that version 00 has.
    public init?(traceparent text: String) {
        let octets = Array(text.utf8)
        guard octets.count >= 55, let version = Self.hexadecimal(octets[0..<2]), version != "ff",
            version != "00" || octets.count == 55, octets.count == 55 || octets[55] == UInt8(ascii: "-"),
            [2, 35, 52].allSatisfy({ octets[$0] == UInt8(ascii: "-") }),
            let trace = Self.identifier(octets[3..<35]), Self.identifier(octets[36..<52]) != nil,
            let flags = Self.hexadecimal(octets[53..<55]).flatMap({ UInt8($0, radix: 16) })
        else { return nil }
        self.init(trace: trace, flags & 1 == 1)
    }

    private init(trace: String, _ isSampled: Bool) {
        traceID = trace
        self.isSampled = isSampled
        let span = String(UInt64.random(in: 1...UInt64.max), radix: 16)
        spanID = String(repeating: "0", count: 16 - span.utf8.count) + span
    }

    /// The trace and the span as the next one is told, in version 00.
    public var traceparent: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }

    private static func identifier(_ octets: ArraySlice<UInt8>) -> String? {
        octets.contains { $0 != UInt8(ascii: "0") } ? hexadecimal(octets) : nil
    }

    private static func hexadecimal(_ octets: ArraySlice<UInt8>) -> String? {
        let areDigits = octets.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        return areDigits ? String(decoding: octets, as: UTF8.self) : nil
    }
}
