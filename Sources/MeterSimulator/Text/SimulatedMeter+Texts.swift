// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import DLMSEngine

/// The same meter in the text protocol of IEC 62056-21.
///
/// Everybody may read; clock and device address are written after the reader's password (P1), or the password behind the
/// operand (P2).
extension SimulatedMeter: TextObjectServer {
    /// The meter speaks the text protocol wherever it is listened to in it.
    public var texts: (any TextObjectServer)? { self }

    /// The registers and the clock; the readouts of the manufacturer are shorter.
    public func readout(_ kind: TextReadoutKind) -> TextDataBlock? {
        let meter = snapshot(Self.nobody)
        switch kind {
        case .standard: return TextDataBlock(lines: TextObjects.readout(meter).map { [$0] }, isReadout: true)
        case .manufacturer:
            let wanted = ["0.0.0", "1.8.0", "2.8.0"]
            let sets = TextObjects.readout(meter).filter { wanted.contains($0.address) }
            return TextDataBlock(lines: sets.map { [$0] }, isReadout: true)
        }
    }

    /// The last digits of the serial number.
    public func passwordOperand() -> String { String(serialNumber.suffix(4)) }

    /// Whether it is the reader's password.
    public func accepts(password: [UInt8], isEncrypted: Bool, operand: String) -> Bool {
        let expected = textPassword.exposedOctets + (isEncrypted ? Array(operand.utf8) : [])
        return password == expected
    }

    /// Reads and writes single data sets and profiles.
    public func perform(_ command: TextServerCommand, isAuthenticated: Bool) -> TextServerAnswer {
        let meter = snapshot(Self.nobody)
        switch command {
        case .read(let read):
            if let profile = TextProfiles(rawValue: read.set.address) { return profile.answer(read.set, meter) }
            guard let set = TextObjects.set(read.set.address, meter) else { return .refused(code: "ER01") }
            return .data(TextDataBlock(lines: [[set]], isReadout: false))
        case .write(let write):
            guard isAuthenticated else { return .refused(code: "ER04") }
            guard let target = TextObjects.clock(after: write.set, meter) else { return .refused(code: "ER02") }
            state.withLock { $0.setClock(to: target, trueTime: meter.time - $0.clockShift) }
            return .done
        case .execute: return .refused(code: "ER01")
        }
    }
}
