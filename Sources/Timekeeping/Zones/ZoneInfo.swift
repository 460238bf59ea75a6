// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Files
import Synchronization

/// The rules of one IANA time zone, from the system's compiled database (RFC 9636).
public struct ZoneInfo: TimeZoneRules, Hashable {
    /// The moments at which the offset changes, in seconds since 1970-01-01T00:00:00Z.
    private let transitions: [Int64]
    /// The offset after each of these moments, in seconds east of Greenwich.
    private let offsets: [Int]
    /// The offset before the first of them.
    private let firstOffset: Int
    /// What holds after the last of them.
    private let rule: PosixZone?

    /// Coordinated Universal Time.
    public static let utc = ZoneInfo(transitions: [], offsets: [], firstOffset: 0, rule: nil)

    private init(transitions: [Int64], offsets: [Int], firstOffset: Int, rule: PosixZone?) {
        self.transitions = transitions
        self.offsets = offsets
        self.firstOffset = firstOffset
        self.rule = rule
    }

    /// Zones that were found, because many meters share a few.
    private static let found = Mutex<[String: ZoneInfo]>([:])

    /// Finds a zone by its name, reading the database once for each; nil when the system does not have it.
    public static func named(_ name: String) -> ZoneInfo? {
        if let known = found.withLock({ $0[name] }) { return known }
        guard let zone = ZoneInfo(name: name) else { return nil }
        found.withLock { $0[name] = zone }
        return zone
    }

    /// Finds a zone by its name; nil when the system does not have it.
    public init?(name: String) {
        if name == "UTC" {
            self = .utc
            return
        }
        let isPlain = name.utf8.allSatisfy { octet in
            (octet >= 0x30 && octet <= 0x39) || (octet >= 0x41 && octet <= 0x5A) || (octet >= 0x61 && octet <= 0x7A)
                || "+-_/".utf8.contains(octet)
        }
        guard isPlain, !name.isEmpty, name.utf8.count <= 64, name.utf8.first != UInt8(ascii: "/"),
            let octets = WholeFile.read("/usr/share/zoneinfo/" + name)
        else { return nil }
        self.init(compiled: octets)
    }

    /// The names of all zones that the system has, in no particular order; empty when its database has no list.
    public static var names: [String] {
        // `Z name offset ...` begins a zone, `L zone name` is another name of one.
        (WholeFile.read("/usr/share/zoneinfo/tzdata.zi") ?? []).split(separator: 0x0A).compactMap { line in
            let words = line.split(separator: 0x20, maxSplits: 3)
            guard let mark = words.first, words.count >= 3 else { return nil }
            switch Array(mark) {
            case [UInt8(ascii: "Z")]: return String(decoding: words[1], as: UTF8.self)
            case [UInt8(ascii: "L")]: return String(decoding: words[2], as: UTF8.self)
            default: return nil
            }
        }
    }

    /// Seconds to add to UTC to get local time at an instant.
    public func offsetSeconds(atUTC seconds: Int64) -> Int {
        guard let last = transitions.last, let lastOffset = offsets.last else {
            return rule?.offsetSeconds(atUTC: seconds) ?? firstOffset
        }
        if seconds >= last { return rule?.offsetSeconds(atUTC: seconds) ?? lastOffset }
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? firstOffset : offsets[low - 1]
    }

    /// Reads a compiled zone, version 2 or later: the block with 64-bit times and the rule behind it.
    init?(compiled octets: [UInt8]) {
        guard let first = Header(octets, at: 0), first.version >= UInt8(ascii: "2") else { return nil }
        let start = Header.length + first.bodyLength(timeLength: 4)
        guard let header = Header(octets, at: start) else { return nil }
        let body = start + Header.length
        let end = body + header.bodyLength(timeLength: 8)
        guard end <= octets.count, header.typeCount > 0 else { return nil }
        let kinds = body + header.timeCount * 8
        let types = kinds + header.timeCount
        func offset(_ type: Int) -> Int {
            let place = types + type * 6
            return Int(Int32(bitPattern: Header.number(octets, place)))
        }
        var transitions: [Int64] = []
        var offsets: [Int] = []
        for index in 0..<header.timeCount {
            let place = body + index * 8
            let high = UInt64(Header.number(octets, place))
            let low = UInt64(Header.number(octets, place + 4))
            let type = Int(octets[kinds + index])
            guard type < header.typeCount else { return nil }
            transitions.append(Int64(bitPattern: high << 32 | low))
            offsets.append(offset(type))
        }
        let footer = octets[end...].dropFirst().prefix { $0 != 0x0A }
        self.init(
            transitions: transitions,
            offsets: offsets,
            firstOffset: offset(0),
            rule: PosixZone(String(decoding: footer, as: UTF8.self))
        )
    }

    private struct Header {
        static let length = 44
        let version: UInt8
        let utcCount: Int
        let standardCount: Int
        let leapCount: Int
        let timeCount: Int
        let typeCount: Int
        let nameLength: Int

        init?(_ octets: [UInt8], at place: Int) {
            guard place >= 0, octets.count >= place + Self.length,
                Array(octets[place..<place + 4]) == Array("TZif".utf8)
            else { return nil }
            func count(_ index: Int) -> Int { Int(Self.number(octets, place + 20 + index * 4)) }
            version = octets[place + 4]
            utcCount = count(0)
            standardCount = count(1)
            leapCount = count(2)
            timeCount = count(3)
            typeCount = count(4)
            nameLength = count(5)
            guard bodyLength(timeLength: 8) < 1 << 20 else { return nil }
        }

        func bodyLength(timeLength: Int) -> Int {
            timeCount * timeLength + timeCount + typeCount * 6 + nameLength + leapCount * (timeLength + 4)
                + standardCount + utcCount
        }

        static func number(_ octets: [UInt8], _ place: Int) -> UInt32 {
            octets[place..<place + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }
    }
}
