// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import DLMSCodec
public import JSONText
public import Timekeeping

/// A wish to write an attribute.
public struct WriteCommand: Hashable, Sendable {
    /// The attribute.
    public var query: AttributeQuery
    /// The value, friendly or typed.
    public var value: JSONValue
    /// What the attribute must hold before, nil for anything.
    public var expectation: JSONValue?
    /// Whether to read back.
    public var verifies: Bool
    /// Whether to do everything but the write.
    public var isDryRun: Bool

    /// Makes a wish.
    public init(
        query: AttributeQuery,
        value: JSONValue,
        expectation: JSONValue? = nil,
        verifies: Bool = true,
        isDryRun: Bool = false
    ) {
        self.query = query
        self.value = value
        self.expectation = expectation
        self.verifies = verifies
        self.isDryRun = isDryRun
    }
}

/// What came of a write.
public struct WriteOutcome: Sendable {
    /// The object.
    public let object: MeterObject
    /// The attribute.
    public let attributeIndex: Int8
    /// What was, or would have been, written.
    public let value: DLMSData
    /// What is known about the value beyond its type.
    public let context: ValueContext
    /// The value before, nil if it could not be read.
    public let before: DLMSData?
    /// The value after, nil if it was not read back.
    public let after: DLMSData?
    /// Whether the meter accepted the write; false in a dry run.
    public let isWritten: Bool
    /// Whether reading back gave what was written.
    public let isVerified: Bool
    /// Whether this was a dry run.
    public let isDryRun: Bool
    /// The association in which was written.
    public let association: String
    /// When it was written.
    public let writtenAt: Timestamp?
    /// Where the time went.
    public let timings: ExchangeTimings
}
