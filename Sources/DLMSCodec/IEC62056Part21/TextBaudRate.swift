// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The speeds that a character stands for (IEC 62056-21 §6.3.3, items 13 and 14), in bauds.
public enum TextBaudRate {
    /// The speed at which every session begins.
    public static let opening = 300
    /// The speed of mode D.
    public static let modeD = 2400

    private static let modeC = [300, 600, 1200, 2400, 4800, 9600, 19_200]
    private static let modeB = [600, 1200, 2400, 4800, 9600, 19_200]

    /// The speed of a character of modes C and E, `0` to `6`; nil for any other.
    public static func modeC(of character: UInt8) -> Int? {
        guard (0x30...0x36).contains(character) else { return nil }
        return modeC[Int(character) - 0x30]
    }

    /// The speed of a character of mode B, `A` to `F`; nil for any other.
    public static func modeB(of character: UInt8) -> Int? {
        guard (0x41...0x46).contains(character) else { return nil }
        return modeB[Int(character) - 0x41]
    }

    /// The character of a speed in modes C and E; nil for a speed that has none.
    public static func characterOfModeC(_ baud: Int) -> UInt8? {
        modeC.firstIndex(of: baud).map { UInt8(0x30 + $0) }
    }
}
