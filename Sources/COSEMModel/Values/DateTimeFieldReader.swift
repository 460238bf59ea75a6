// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

/// Reads the members of an object of date and time fields.
///
/// A member that is left out is "not specified", or what the hex says if that is given. A member that stands beside a
/// hex must agree with it.
struct FieldReader {
    private let object: JSONObject
    private let pointer: JSONPointer
    private var known: Set<String> = ["iso", "hex"]

    init(object: JSONObject, pointer: JSONPointer) {
        self.object = object
        self.pointer = pointer
    }

    func hex(count: Int) throws(ValueError) -> [UInt8]? {
        guard let value = object["hex"], !value.isNull else { return nil }
        guard let text = value.string, let octets = Hexadecimal.octets(of: text), octets.count == count else {
            throw .malformed(at: pointer.appending("hex"), reason: "\(count * 2) hexadecimal digits are needed")
        }
        return octets
    }

    /// Every member that was asked for is known; anything else is refused.
    func finish() throws(ValueError) {
        for name in object.names where !known.contains(name) {
            throw .malformed(
                at: pointer.appending(name),
                reason: "unknown field" + (nearest(name, in: known.sorted()).map { ", did you mean \"\($0)\"?" } ?? "")
            )
        }
    }

    mutating func date(sent: COSEMDate?) throws(ValueError) -> COSEMDate {
        COSEMDate(
            rawYear: try raw("year", UInt16.max, shown: sent?.year, sent?.rawYear),
            rawMonth: try raw(
                "month",
                UInt8.max,
                shown: sent?.month,
                sent?.rawMonth,
                marks: ["dst-end": 0xFD, "dst-begin": 0xFE]
            ),
            rawDayOfMonth: try raw(
                "dayOfMonth",
                UInt8.max,
                shown: sent?.dayOfMonth,
                sent?.rawDayOfMonth,
                marks: ["second-last": 0xFD, "last": 0xFE]
            ),
            rawDayOfWeek: try raw("dayOfWeek", UInt8.max, shown: sent?.dayOfWeek, sent?.rawDayOfWeek)
        )
    }

    mutating func time(sent: COSEMTime?) throws(ValueError) -> COSEMTime {
        COSEMTime(
            rawHour: try raw("hour", UInt8.max, shown: sent?.hour, sent?.rawHour),
            rawMinute: try raw("minute", UInt8.max, shown: sent?.minute, sent?.rawMinute),
            rawSecond: try raw("second", UInt8.max, shown: sent?.second, sent?.rawSecond),
            rawHundredths: try raw("hundredths", UInt8.max, shown: sent?.hundredths, sent?.rawHundredths)
        )
    }

    mutating func status(sent: COSEMDateTime?) throws(ValueError) -> UInt8 {
        known.insert("status")
        guard let value = object["status"] else { return sent?.rawClockStatus ?? 0xFF }
        var status: UInt8 = 0xFF
        if !value.isNull {
            guard let names = value.array?.compactMap(\.string), names.count == value.array?.count,
                let bits = ClockStatus(names: names)
            else {
                throw .malformed(at: pointer.appending("status"), reason: "an array of names of status bits is needed")
            }
            status = bits.rawValue
        }
        guard let sent, sent.rawClockStatus != status else { return status }
        throw disagreement("status")
    }

    /// Reads one field as it goes on the wire.
    /// - Parameters:
    ///   - name: The member.
    ///   - open: What stands for "not specified".
    ///   - shown: What the hex says in words, nil if it shows as null.
    ///   - sent: What the hex says, nil without a hex.
    ///   - marks: Words for special values.
    mutating func raw<Field: FixedWidthInteger>(
        _ name: String,
        _ open: Field,
        shown: Int?,
        _ sent: Field?,
        marks: [String: Field] = [:]
    ) throws(ValueError) -> Field {
        known.insert(name)
        guard let value = object[name] else { return sent ?? open }
        if value.isNull {
            // Null also shows a value that means nothing, such as month 13: then the hex decides.
            guard let sent else { return open }
            guard shown == nil, !marks.values.contains(sent) else { throw disagreement(name) }
            return sent
        }
        let field: Field?
        switch value {
        case .string(let word): field = marks[word]
        case .number(let number): field = number.exactInteger()
        case .null, .bool, .array, .object: field = nil
        }
        guard let field else {
            throw .malformed(at: pointer.appending(name), reason: "a number, null or a mark of that field is needed")
        }
        guard sent == nil || sent == field else { throw disagreement(name) }
        return field
    }

    private func disagreement(_ name: String) -> ValueError {
        .malformed(at: pointer.appending(name), reason: "disagrees with \"hex\"; leave one of them out")
    }
}
