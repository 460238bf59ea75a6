// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The logical name behind the identification code of a data set (IEC 62056-61, reduced ID codes; IEC 62056-21 annex).
///
/// | text | logical name |
/// |---|---|
/// | `1-0:1.8.0*255`, `1-0:1.8.0` | 1.0.1.8.0.255 |
/// | `1.8.0`, `1.8.0*01`, `1.8.0&01` | 1.0.1.8.0.255, 1.0.1.8.0.1 |
/// | `0.9.1`, `0.0.0` | 1.0.0.9.1.255, 1.0.0.0.0.255 |
/// | `C.1.0`, `F.F`, `L.1.0` | 0.0.96.1.0.255, 0.0.97.97.0.255, 0.0.98.1.0.255 |
/// | `P.01`, `P.98` | 1.0.99.1.0.255, 1.0.99.98.0.255 |
public enum ReducedOBISCode {
    /// The letters that stand for the values 96 to 99 of groups C and D.
    private static let letters: [UInt8: UInt8] = [0x43: 96, 0x46: 97, 0x4C: 98, 0x50: 99]
    /// C of profiles, which belong to the medium; the other letters name abstract objects.
    private static let profile: UInt8 = 99

    /// The logical name of an address; nil for one that is no OBIS code, such as a manufacturer's own name.
    ///
    /// - Parameters:
    ///   - address: the identification code as the meter writes it.
    ///   - medium: group A where the address has none.
    ///   - channel: group B where the address has none.
    public static func logicalName(of address: String, medium: UInt8 = 1, channel: UInt8 = 0) -> OBISCode? {
        var rest = Array(address.utf8)[...]
        var a: UInt8?
        var b: UInt8?
        if let colon = rest.firstIndex(of: 0x3A) {
            let head = rest[..<colon].split(separator: 0x2D, omittingEmptySubsequences: false)
            switch head.count {
            case 1: b = number(head[0])
            case 2: (a, b) = (number(head[0]), number(head[1]))
            default: return nil
            }
            guard b != nil, head.count == 1 || a != nil else { return nil }
            rest = rest[(colon + 1)...]
        }
        var f: UInt8 = 255
        if let star = rest.firstIndex(where: { $0 == 0x2A || $0 == 0x26 }) {
            guard let stored = number(rest[(star + 1)...]) else { return nil }
            f = stored
            rest = rest[..<star]
        }
        let groups = rest.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard (2...3).contains(groups.count), let c = group(groups[0]), let d = group(groups[1]) else { return nil }
        guard let e = groups.count == 3 ? number(groups[2]) : 0 else { return nil }
        let isAbstract = groups[0].first.map { letters[$0] != nil } == true && c != profile
        return OBISCode(a ?? (isAbstract ? 0 : medium), b ?? (isAbstract ? 0 : channel), c, d, e, f)
    }

    /// The address of a profile in the text protocol, such as `P.01` for 1.0.99.1.0.255; nil for another object.
    public static func profileAddress(of logicalName: OBISCode) -> String? {
        guard logicalName.c == profile, logicalName.e == 0, logicalName.f == 255 else { return nil }
        return "P." + (logicalName.d < 10 ? "0" : "") + "\(logicalName.d)"
    }

    /// The shortest identification code of a logical name, such as `1.8.0*01`; for objects that no readout named.
    public static func address(of logicalName: OBISCode) -> String {
        func text(_ value: UInt8, isLetterAllowed: Bool) -> String {
            let letter = isLetterAllowed ? letters.first { $0.value == value }?.key : nil
            return letter.map { String(decoding: [$0], as: UTF8.self) } ?? "\(value)"
        }
        let isLetter = logicalName.a == 0 && logicalName.b == 0 && (96...98).contains(logicalName.c)
        var address = text(logicalName.c, isLetterAllowed: isLetter)
        address += "." + text(logicalName.d, isLetterAllowed: isLetter)
        if !(isLetter && logicalName.d >= 96) { address += ".\(logicalName.e)" }
        if logicalName.f != 255 { address += "*" + (logicalName.f < 10 ? "0" : "") + "\(logicalName.f)" }
        return address
    }

    private static func group(_ text: ArraySlice<UInt8>) -> UInt8? {
        if text.count == 1, let letter = text.first, let value = letters[letter] { return value }
        return number(text)
    }

    private static func number(_ text: ArraySlice<UInt8>) -> UInt8? {
        guard (1...3).contains(text.count), text.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt8(exactly: text.reduce(0) { $0 * 10 + Int($1 - 0x30) })
    }
}
