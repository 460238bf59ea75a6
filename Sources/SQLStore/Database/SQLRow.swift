// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Timekeeping

/// One row of a result, its values by the names of the columns.
public struct SQLRow: Hashable, Sendable {
    private let columns: [String]
    private let values: [SQLValue]

    /// Makes a row of names and as many values.
    public init(columns: [String], values: [SQLValue]) {
        self.columns = columns
        self.values = values
    }

    /// The value of a column.
    ///
    /// - Throws: ``SQLError/unexpectedResult(reason:)`` when the statement gives no such column.
    public func value(_ name: String) throws(SQLError) -> SQLValue {
        guard let index = columns.firstIndex(of: name) else {
            throw .unexpectedResult(reason: "there is no column \(name)")
        }
        return values[index]
    }

    func text(_ name: String) throws(SQLError) -> String {
        guard let text = try optionalText(name) else { throw isNull(name) }
        return text
    }

    func optionalText(_ name: String) throws(SQLError) -> String? {
        switch try value(name) {
        case .text(let text): text
        case .null: nil
        case .integer, .real: throw .unexpectedResult(reason: "the column \(name) is no text")
        }
    }

    func integer(_ name: String) throws(SQLError) -> Int {
        guard let number = try optionalInteger(name) else { throw isNull(name) }
        return number
    }

    func optionalInteger(_ name: String) throws(SQLError) -> Int? {
        switch try value(name) {
        case .integer(let number): Int(number)
        case .null: nil
        case .text, .real: throw .unexpectedResult(reason: "the column \(name) is no integer")
        }
    }

    func unsigned(_ name: String) throws(SQLError) -> UInt64 {
        let number = try integer(name)
        guard let number = UInt64(exactly: number) else {
            throw .unexpectedResult(reason: "the column \(name) is negative")
        }
        return number
    }

    func flag(_ name: String) throws(SQLError) -> Bool {
        try integer(name) != 0
    }

    func moment(_ name: String) throws(SQLError) -> Timestamp {
        Timestamp(microseconds: Int64(try integer(name)))
    }

    func optionalMoment(_ name: String) throws(SQLError) -> Timestamp? {
        try optionalInteger(name).map { Timestamp(microseconds: Int64($0)) }
    }

    func optionalDuration(_ name: String) throws(SQLError) -> Duration? {
        try optionalInteger(name).map { .microseconds($0) }
    }

    private func isNull(_ name: String) -> SQLError {
        .unexpectedResult(reason: "the column \(name) is null")
    }
}
