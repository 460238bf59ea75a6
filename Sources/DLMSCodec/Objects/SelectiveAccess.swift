// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Which part of an attribute's value is meant: a selector the class defines, and its parameters.
///
/// Selector 1 of a profile's buffer is by range, 2 by entry (Blue Book, class 7).
public struct SelectiveAccess: Hashable, Sendable {
    /// The access selector.
    public var selector: UInt8
    /// The access parameters.
    public var parameters: DLMSData

    /// Makes a selection.
    public init(selector: UInt8, parameters: DLMSData) {
        self.selector = selector
        self.parameters = parameters
    }
}

extension SelectiveAccess: OctetCodable {
    /// Reads the selector octet and the parameters.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        selector = try reader.readUInt8("access-selector")
        parameters = try DLMSData(decoding: &reader)
    }

    /// Writes the selector octet and the parameters.
    public func encode(into writer: inout OctetWriter) {
        writer.write(selector)
        parameters.encode(into: &writer)
    }
}
