// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
public import Fleet

extension Gateway {
    /// The most readouts in one file.
    private static let mostReadouts = 1000

    /// Which readout of a meter is meant.
    public enum ReadoutChoice: String, CaseIterable, Hashable, Sendable {
        /// The one that the standard means.
        case standard
        /// What the manufacturer put behind mode control 6.
        case six = "6"
        /// What the manufacturer put behind mode control 7.
        case seven = "7"
        /// What the manufacturer put behind mode control 8.
        case eight = "8"
        /// What the manufacturer put behind mode control 9.
        case nine = "9"

        var kind: TextReadoutKind {
            switch self {
            case .standard: .standard
            case .six: .manufacturer(.six)
            case .seven: .manufacturer(.seven)
            case .eight: .manufacturer(.eight)
            case .nine: .manufacturer(.nine)
            }
        }
    }

    /// Reads a text meter out.
    ///
    /// - Throws: ``GatewayError/notATextMeter(_:)``, and what goes wrong on the way.
    public func readOut(
        _ meter: String,
        _ choice: ReadoutChoice,
        _ wishes: Wishes
    ) async throws(GatewayError) -> (readout: MeterReadout, association: String, timings: ExchangeTimings) {
        let memory = try await directory.memory(of: meter)
        guard let text = memory.text else { throw .notATextMeter(memory.id) }
        let association = try association(wishes.association, for: .reading, memory)
        var session = TextMeterSession(
            exchange: exchange,
            errand: wishes.errand(at: memory, in: association),
            text: text
        )
        let readout = try await session.readOut(choice.kind)
        return (readout, association, session.timings)
    }

    /// Imports a file with readouts.
    ///
    /// - Parameters:
    ///   - octets: the file.
    ///   - meter: whose readouts they are; nil finds each meter by the number in its readout.
    ///   - checksNumber: whether a readout is refused whose number is not the one that the meter is addressed by.
    /// - Throws: ``GatewayError/readoutUnreadable(reason:)`` for a file without readouts,
    ///   ``GatewayError/notATextMeter(_:)``, ``GatewayError/meterUnknown(text:)``, errors of the store; what concerns one
    ///   readout is its result.
    public func importReadouts(
        _ octets: [UInt8],
        of meter: String?,
        checksNumber: Bool
    ) async throws(GatewayError) -> ReadoutImport {
        let owner: MeterMemory?
        if let meter { owner = try await directory.memory(of: meter) } else { owner = nil }
        if let owner, owner.text == nil { throw .notATextMeter(owner.id) }
        let file = ReadoutFile(octets)
        guard !file.items.isEmpty else {
            throw .readoutUnreadable(reason: "it has neither an identification line nor data sets")
        }
        guard file.items.count <= Self.mostReadouts else {
            throw .readoutUnreadable(reason: "it has more than \(Self.mostReadouts) readouts; send them in parts")
        }
        var items: [ReadoutImport.Item] = []
        for item in file.items {
            let result: Result<ReadoutImport.Item.Accepted, GatewayError>
            switch item.readout {
            case .failure(let error): result = .failure(.readoutUnreadable(reason: "\(error)"))
            case .success(let readout):
                do throws(GatewayError) {
                    result = .success(try await take(readout, of: owner, checksNumber))
                } catch .storeUnavailable(let reason) {
                    throw .storeUnavailable(reason: reason)
                } catch {
                    result = .failure(error)
                }
            }
            items.append(ReadoutImport.Item(line: item.line, result: result))
        }
        return ReadoutImport(items: items)
    }

    private func take(
        _ read: ReadoutFile.Readout,
        of owner: MeterMemory?,
        _ checksNumber: Bool
    ) async throws(GatewayError) -> ReadoutImport.Item.Accepted {
        let memory: MeterMemory
        if let owner { memory = owner } else { memory = try await self.owner(of: read) }
        guard let text = memory.text else { throw .notATextMeter(memory.id) }
        if checksNumber, let device = memory.record.configuration.address.device, !read.deviceNumbers.isEmpty,
            !read.deviceNumbers.contains(where: { Self.isSame($0, device) })
        {
            throw .readoutOfAnotherMeter(memory.id, number: read.deviceNumbers[0])
        }
        let now = clock.now()
        let readout = MeterReadout(read, origin: .file, receivedAt: now, takenAt: nil, rules: text.rules)
        guard !readout.objects.isEmpty else { throw .readoutUnreadable(reason: "no line of it is an OBIS data set") }
        let isKept: Bool
        do throws(StoreError) {
            isKept = try await store.keepReadout(readout.stored, of: memory.id)
        } catch .referenceUnknown(let text) {
            throw .meterUnknown(text: text)
        } catch {
            throw GatewayError(error)
        }
        if isKept { memory.keep(readout) }
        return ReadoutImport.Item.Accepted(
            meter: memory.id,
            takenAt: readout.takenAt,
            objectCount: readout.objects.count,
            oddLines: read.oddLines,
            isComplete: read.isComplete,
            isChecked: read.isChecked,
            isKept: isKept
        )
    }

    /// The meter that is addressed by a number in a readout.
    ///
    /// - Throws: ``GatewayError/meterUnknown(text:)``, ``GatewayError/readoutUnreadable(reason:)``.
    private func owner(of readout: ReadoutFile.Readout) async throws(GatewayError) -> MeterMemory {
        guard let first = readout.deviceNumbers.first else {
            throw .readoutUnreadable(
                reason: "it does not tell its number (0.0.0 or C.1.0), so that its meter is not known"
            )
        }
        for number in readout.deviceNumbers {
            let found = try await translating(await store.meters(withDevice: number))
            if found.count > 1 {
                throw .readoutUnreadable(
                    reason:
                        "its number \(number) is that of several meters: \(found.map(\.text).joined(separator: ", "))"
                )
            }
            if let meter = found.first { return try await directory.memory(of: meter.text) }
        }
        throw .meterUnknown(text: "with the device address \(first)")
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        left.drop { $0 == "0" } == right.drop { $0 == "0" }
    }
}
