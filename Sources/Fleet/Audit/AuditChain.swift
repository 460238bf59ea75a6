// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText

/// What is wrong with an audit log, and with which record.
public struct AuditFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The place in the chain, from 1.
    public let ordinal: Int64
    /// What is wrong with it.
    public let reason: String

    /// Makes a fault.
    public init(ordinal: Int64, reason: String) {
        self.ordinal = ordinal
        self.reason = reason
    }

    /// Such as `record 17: its content was changed`.
    public var description: String { "record \(ordinal): \(reason)" }
}

/// What was found in a part of an audit log, or in all of it.
public struct AuditFinding: Hashable, Sendable {
    /// The last record up to which all are sound.
    public let head: AuditHead
    /// The first fault; nil when there is none.
    public let fault: AuditFault?
    /// Whether there is nothing behind ``head`` that was not looked at.
    public let isComplete: Bool

    /// Makes a finding.
    public init(head: AuditHead, fault: AuditFault?, isComplete: Bool = true) {
        self.head = head
        self.fault = fault
        self.isComplete = isComplete
    }
}

/// Checks records one after the other, from the first.
///
/// A change of any octet is found, and so is a record that is missing, added or moved. What the chain by itself cannot
/// tell is that its end was cut off, or that all of it was made anew; a head that was kept elsewhere can.
public struct AuditChain: Sendable {
    /// The head of what was checked so far.
    public private(set) var head: AuditHead
    /// Whether the last line of an export was met.
    public private(set) var isClosed = false
    private let expected: AuditHead?

    /// Begins a check.
    ///
    /// - Parameters:
    ///   - start: the record behind which it begins.
    ///   - expected: a head that was kept elsewhere, which the chain must contain.
    public init(after start: AuditHead = .beginning, expecting expected: AuditHead? = nil) {
        head = start
        self.expected = expected
    }

    /// Checks the next record as it is kept in a database.
    ///
    /// - Returns: its members.
    @discardableResult
    public mutating func add(_ record: AuditRecord) throws(AuditFault) -> JSONValue {
        let place = head.ordinal + 1
        func fault(_ reason: String) -> AuditFault { AuditFault(ordinal: place, reason: reason) }
        guard !isClosed else { throw fault("it stands behind the end of the export") }
        guard let hash = try? AuditRecord.hash(of: record.content), hash == record.hash else {
            throw fault("its content or its hash was changed")
        }
        guard let content = try? JSONReader.parse(record.content),
            content["ordinal"]?.number?.exactInt64 == place, record.ordinal == place
        else { throw fault("another record stands in its place; it was removed or moved") }
        guard content["previous"]?.string == head.hash else {
            throw fault("it does not follow on the record before, which was replaced or removed")
        }
        if let expected, expected.ordinal == place, expected.hash != hash {
            throw fault("its hash is not the one that was kept elsewhere; the log was made anew")
        }
        head = AuditHead(ordinal: place, hash: hash)
        return content
    }

    /// Checks the next line of an export, without its line feed.
    public mutating func add(line: [UInt8]) throws(AuditFault) {
        let place = head.ordinal + 1
        if line == Self.lastLine(after: head), !isClosed {
            isClosed = true
            return
        }
        let tail = AuditRecord.hashMember.count + 64 + AuditRecord.lineEnd.count
        guard line.count > tail, line.suffix(AuditRecord.lineEnd.count).elementsEqual(AuditRecord.lineEnd),
            line[(line.count - tail)...].starts(with: AuditRecord.hashMember)
        else { throw AuditFault(ordinal: place, reason: "the line is no record; it was changed") }
        let hash = line[(line.count - tail + AuditRecord.hashMember.count)...].prefix(64)
        let content = Array(line[..<(line.count - tail)]) + [UInt8(ascii: "}")]
        try add(AuditRecord(ordinal: place, content: content, hash: String(decoding: hash, as: UTF8.self)))
    }

    /// Checks that nothing is missing at the end.
    ///
    /// - Parameter kept: the head that the database keeps apart from the records; nil where there is none.
    public func finish(keptHead kept: AuditHead? = nil) throws(AuditFault) {
        if let kept, kept != head {
            throw AuditFault(
                ordinal: head.ordinal + 1,
                reason: kept.ordinal > head.ordinal
                    ? "it is missing, and so are all up to record \(kept.ordinal)"
                    : "the head of the log does not fit its last record"
            )
        }
        if let expected, expected.ordinal > head.ordinal {
            throw AuditFault(
                ordinal: head.ordinal + 1,
                reason: "it is missing, and so are all up to record \(expected.ordinal), which was kept elsewhere"
            )
        }
    }

    /// Checks that an export is whole: its last line was met, and the head that was kept elsewhere.
    public func finishExport() throws(AuditFault) {
        guard isClosed else {
            throw AuditFault(
                ordinal: head.ordinal + 1,
                reason: "the last line of the export is missing, and perhaps records before it"
            )
        }
        try finish()
    }

    /// The last line of an export, which shows that nothing was cut off behind that head.
    public static func lastLine(after head: AuditHead) -> [UInt8] {
        Array("{\"end\":true,\"rows\":\(head.ordinal),\"head\":\"\(head.hash)\"}".utf8)
    }
}
