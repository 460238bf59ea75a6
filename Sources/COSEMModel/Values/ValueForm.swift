// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import JSONText

/// How a COSEM value is shown in JSON.
public enum ValueForm: String, CaseIterable, Sendable {
    /// For people and dashboards: numbers, names, times; needs the class model to read back.
    case friendly
    /// Every type by name; reads back to the same octets.
    case typed
    /// The A-XDR octets.
    case hex

    /// Writes one value.
    /// - Parameters:
    ///   - data: The value.
    ///   - context: What is known about it; only the friendly form makes use of it.
    ///   - writer: Where one JSON value is appended.
    public func write(_ data: DLMSData, context: ValueContext = ValueContext(), into writer: inout JSONWriter) {
        switch self {
        case .friendly:
            FriendlyWriter(context: context).write(data, into: &writer)
        case .typed:
            TypedWriter.write(data, into: &writer)
        case .hex:
            writer.beginObject()
            writer.member("hex", Hexadecimal.text(of: data.octets))
            writer.endObject()
        }
    }
}
