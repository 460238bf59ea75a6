// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// What a row of readings is of: one attribute, or one element of it, of one object of a meter, and how it came.
///
/// The same register read by itself and captured in a profile makes two series, because their times mean different
/// things: the gateway's moment of reading, and the end of the meter's interval.
public struct ReadingSeries: Hashable, Sendable {
    /// Where readings of a series come from.
    public enum Source: Hashable, Sendable {
        /// The attribute was read by itself.
        case register
        /// It is a column of this profile.
        case profile(OBISCode)
        /// The meter sent it by itself.
        case push
    }

    /// Where the readings come from.
    public let source: Source
    /// The object.
    public let object: OBISCode
    /// The interface class of the object.
    public let classID: UInt16
    /// The attribute.
    public let attribute: Int8
    /// 0 for the whole attribute, n for the n-th element of a structure or array.
    public let element: UInt16

    /// Makes a series.
    public init(source: Source, object: OBISCode, classID: UInt16, attribute: Int8, element: UInt16 = 0) {
        self.source = source
        self.object = object
        self.classID = classID
        self.attribute = attribute
        self.element = element
    }

    /// The series that stands for the rows of a profile as such: its buffer.
    public static func rows(of profile: OBISCode) -> ReadingSeries {
        ReadingSeries(source: .profile(profile), object: profile, classID: 7, attribute: 2)
    }
}
