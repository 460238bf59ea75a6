// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Answers an ACCESS (IEC 62056-5-3, ACCESS-Response, tag DA).
public struct AccessResponse: Hashable, Sendable {
    /// What came of one specification.
    public enum Result: Hashable, Sendable {
        /// Of a read; choice 01.
        case get(DataAccessResult)
        /// Of a write; choice 02.
        case set(DataAccessResult)
        /// Of an invocation; choice 03.
        case action(ActionResult)
    }

    /// Which invocation it answers.
    public var invoke: LongInvokeIDAndPriority
    /// When it was sent: empty or the twelve octets of a date-time.
    public var dateTime: [UInt8]
    /// What had been asked for, when the request wanted that repeated.
    public var specifications: [AccessSpecification]?
    /// One value for each specification, null-data where there is none.
    public var data: [DLMSData]
    /// What came of each specification.
    public var results: [Result]

    /// Makes a response.
    public init(
        invoke: LongInvokeIDAndPriority,
        dateTime: [UInt8] = [],
        specifications: [AccessSpecification]? = nil,
        data: [DLMSData],
        results: [Result]
    ) {
        self.invoke = invoke
        self.dateTime = dateTime
        self.specifications = specifications
        self.data = data
        self.results = results
    }
}

extension AccessResponse.Result: OctetCodable {
    /// Reads the choice and the result.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        switch try reader.readUInt8("choice of access response specification") {
        case 1: self = .get(try DataAccessResult(decoding: &reader))
        case 2: self = .set(try DataAccessResult(decoding: &reader))
        case 3: self = .action(try ActionResult(decoding: &reader))
        case let choice: throw reader.unknownChoice(choice, "access response specification")
        }
    }

    /// Writes the choice and the result.
    public func encode(into writer: inout OctetWriter) {
        switch self {
        case .get(let result): writer.write(contentsOf: [1, result.rawValue])
        case .set(let result): writer.write(contentsOf: [2, result.rawValue])
        case .action(let result): writer.write(contentsOf: [3, result.rawValue])
        }
    }
}

extension AccessResponse: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.accessResponse, "access-response")
        invoke = try LongInvokeIDAndPriority(decoding: &reader)
        dateTime = try reader.readOctetString("date-time")
        specifications =
            try reader.readPresence("access-request-specification")
            ? try reader.readList("access-request-specification") : nil
        data = try reader.readList("access-response-list-of-data")
        results = try reader.readList("access-response-specification")
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.accessResponse)
        invoke.encode(into: &writer)
        writer.writeOctetString(dateTime)
        writer.write(specifications != nil)
        if let specifications { writer.writeList(specifications) }
        writer.writeList(data)
        writer.writeList(results)
    }
}
