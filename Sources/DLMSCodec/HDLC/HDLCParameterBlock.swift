// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The information of SNRM and UA: what a station can send and receive (IEC 62056-46 §6.4.4.4.3.2).
///
/// | octets | field |
/// |---|---|
/// | 1 | format identifier, 81 |
/// | 1 | group identifier, 80 |
/// | 1 | length of the parameters |
/// | n | parameters: identifier, length, value |
/// | 1 + n | optional: user data behind FF |
public struct HDLCParameterBlock: Hashable, Sendable {
    /// One parameter as it is on the wire.
    public struct Parameter: Hashable, Sendable {
        /// Which parameter it is.
        public let identifier: UInt8
        /// Its value.
        public let value: UInt32
        /// How many octets the value takes, 1 to 4.
        public let width: Int

        /// Makes a parameter; nil for a width outside of 1 to 4 and for a value that does not fit it.
        public init?(identifier: UInt8, value: UInt32, width: Int) {
            guard (1...4).contains(width), width == 4 || value >> UInt32(width * 8) == 0 else { return nil }
            self.identifier = identifier
            self.value = value
            self.width = width
        }
    }

    /// The parameters, known or not, in their order.
    public var parameters: [Parameter]
    /// What stands behind the parameters.
    public var userData: [UInt8]?

    /// Makes a block of parameters.
    public init(parameters: [Parameter] = [], userData: [UInt8]? = nil) {
        self.parameters = parameters
        self.userData = userData
    }

    /// Makes a block as most stations write it: lengths in as few octets as they need, windows in four octets.
    public init(_ limits: HDLCLimits) {
        let lengths = [(0x05 as UInt8, limits.informationTransmit), (0x06, limits.informationReceive)]
        let windows = [(0x07 as UInt8, limits.windowTransmit), (0x08, limits.windowReceive)]
        parameters =
            lengths.compactMap { Parameter(identifier: $0, value: UInt32($1), width: $1 < 256 ? 1 : 2) }
            + windows.compactMap { Parameter(identifier: $0, value: UInt32($1), width: 4) }
    }

    /// What the station that sent the block can do; defaults for parameters that are missing.
    public var limits: HDLCLimits {
        HDLCLimits(
            informationTransmit: value(0x05) ?? HDLCLimits.defaultInformation,
            informationReceive: value(0x06) ?? HDLCLimits.defaultInformation,
            windowTransmit: value(0x07) ?? HDLCLimits.defaultWindow,
            windowReceive: value(0x08) ?? HDLCLimits.defaultWindow
        )
    }

    private func value(_ identifier: UInt8) -> Int? {
        parameters.last { $0.identifier == identifier }.map { Int($0.value) }
    }

    private static let formatIdentifier: UInt8 = 0x81
    private static let groupIdentifier: UInt8 = 0x80
    private static let userDataIdentifier: UInt8 = 0xFF
}

extension HDLCParameterBlock: OctetCodable {
    /// Reads the block to the end of the information.
    ///
    /// - Throws: `.truncated`; `.invalidValue` for another format or group; `.invalidLength` for a value of no or of
    ///   more than four octets.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expect(Self.formatIdentifier, "format identifier of HDLC parameters")
        try reader.expect(Self.groupIdentifier, "group identifier of HDLC parameters")
        let length = Int(try reader.readUInt8("length of HDLC parameters"))
        var group = try reader.readReader(count: length, "HDLC parameters")
        parameters = []
        while !group.isAtEnd {
            parameters.append(try Parameter(decoding: &group))
        }
        userData = nil
        guard !reader.isAtEnd else { return }
        try reader.expect(Self.userDataIdentifier, "HDLC user data")
        userData = reader.readRest()
    }

    /// Writes the block.
    public func encode(into writer: inout OctetWriter) {
        var group = OctetWriter()
        for parameter in parameters {
            parameter.encode(into: &group)
        }
        writer.write(Self.formatIdentifier)
        writer.write(Self.groupIdentifier)
        writer.write(UInt8(truncatingIfNeeded: group.octets.count))
        writer.write(contentsOf: group.octets)
        guard let userData else { return }
        writer.write(Self.userDataIdentifier)
        writer.write(contentsOf: userData)
    }
}

extension HDLCParameterBlock.Parameter: OctetCodable {
    /// Reads identifier, length and value.
    ///
    /// - Throws: `.truncated`; `.invalidLength` for a value of no or of more than four octets.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        identifier = try reader.readUInt8("identifier of HDLC parameter")
        let start = reader.offset
        width = Int(try reader.readUInt8("length of HDLC parameter"))
        guard (1...4).contains(width) else {
            throw DecodeError(.invalidLength(width), at: start, what: "HDLC parameter")
        }
        value = try reader.readSlice(count: width, "HDLC parameter").reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Writes identifier, length and value.
    public func encode(into writer: inout OctetWriter) {
        writer.write(identifier)
        writer.write(UInt8(truncatingIfNeeded: width))
        for index in stride(from: width - 1, through: 0, by: -1) {
            writer.write(UInt8(truncatingIfNeeded: value >> UInt32(index * 8)))
        }
    }
}

extension OctetReader {
    /// Reads an octet that has one value only.
    fileprivate mutating func expect(_ expected: UInt8, _ what: StaticString) throws(DecodeError) {
        let start = offset
        let octet = try readUInt8(what)
        guard octet == expected else {
            throw DecodeError(.invalidValue(Int(octet)), at: start, what: what.description)
        }
    }
}
