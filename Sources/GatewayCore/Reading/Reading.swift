// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import DLMSCodec
public import Timekeeping

/// The value of one attribute as it was read once.
public struct Reading: Hashable, Sendable {
    /// The object.
    public let object: MeterObject
    /// The attribute.
    public let attributeIndex: Int8
    /// The value.
    public let data: DLMSData
    /// What is known about the value beyond its type.
    public let context: ValueContext
    /// When it was read.
    public let readAt: Timestamp
    /// Where it came from this time.
    public var source: ReadingSource
    /// The association in which it was read.
    public let association: String
    /// Whether the answer was in clear by agreement, or something proves that it is the meter's; false for one that was
    /// encrypted only, or whose tag the operator allows to be left unchecked.
    public var isVerified = true
    /// Whether it is older than the caller wanted, and stands in for what the meter did not answer.
    public var isStale = false

    /// The name of the attribute in the class model.
    public var attributeName: String? { object.model?.attribute(attributeIndex)?.name }
}
