// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// A value bound to a statement or found in a row.
///
/// There are no booleans, moments or octets: they are stored as integers and texts, so that both databases keep the
/// same.
public enum SQLValue: Hashable, Sendable {
    /// No value.
    case null
    /// A whole number.
    case integer(Int64)
    /// A number with a fraction.
    case real(Double)
    /// A text.
    case text(String)

    /// A text, or null.
    public static func text(optional text: String?) -> SQLValue {
        text.map { .text($0) } ?? .null
    }

    /// A number, or null.
    public static func integer(optional number: Int?) -> SQLValue {
        number.map { .integer(Int64($0)) } ?? .null
    }

    /// A moment as microseconds since 1970.
    public static func moment(_ moment: Timestamp) -> SQLValue {
        .integer(moment.microseconds)
    }

    /// A moment as microseconds since 1970, or null.
    public static func moment(optional moment: Timestamp?) -> SQLValue {
        moment.map { .moment($0) } ?? .null
    }

    /// A duration in microseconds, or null.
    public static func duration(optional duration: Duration?) -> SQLValue {
        duration.map { .integer($0.wholeMicroseconds) } ?? .null
    }

    /// A truth value as 1 or 0.
    public static func flag(_ flag: Bool) -> SQLValue {
        .integer(flag ? 1 : 0)
    }
}

/// The values of a statement's named parameters, without the colon.
public typealias SQLBinds = [String: SQLValue]
