// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Fleet
import Timekeeping

extension TextMeterSession {
    /// The commands by which values may be written, the usual one first.
    private static let valueCommands: [TextWrite.Command] = [.text, .register]
    /// The commands by which the clock may be set, the usual one first.
    private static let clockCommands: [TextWrite.Command] = [.register, .formatted, .text]

    /// Writes one attribute: the value of a data set, or the time of the clock.
    mutating func set(_ write: AttributeWrite) async throws(GatewayError) {
        let descriptor = write.request.descriptor
        let target = ObjectTarget(
            meter: memory.id,
            object: descriptor.instanceID,
            classID: descriptor.classID,
            member: .attribute(descriptor.attributeID)
        )
        guard descriptor.attributeID == 2 else {
            throw .deniedByMeter(
                target,
                DLMSOutcome(
                    service: "set",
                    result: DataAccessResult.readWriteDenied.name,
                    code: Int(DataAccessResult.readWriteDenied.rawValue)
                )
            )
        }
        guard descriptor.classID != TextClock.classID else {
            try await setClock(write.value, target)
            return
        }
        guard let object = text.object(descriptor.instanceID) else { throw .objectUndefined(target, nil) }
        guard let value = object.written(write.value) else {
            throw .typeMismatch(target, nil, reason: "it is shown as \(object.text)")
        }
        let commands = text.manners.write.map { [$0] } ?? Self.valueCommands
        text.manners.write = try await self.write(value, to: object.address, by: commands, target)
    }

    /// Reads what the clock shows: by itself, so that it is not older than it needs to be, else with everything else.
    mutating func readClock() async throws(GatewayError) -> GetResult {
        let clock = text.clock ?? .usual
        var texts: [String] = []
        do throws(GatewayError) {
            texts = try await read(clock.addresses).compactMap { result in
                guard case .data(let block) = result else { return nil }
                return block.sets.first?.values.first?.text
            }
        } catch .notSupported {
            // There is no programming mode.
        }
        if let moment = clock.moment(texts), let time = text.rules.dateTime(moment) {
            text.clockTexts = texts
            return .data(DLMSData.octetString(time.octets).octets)
        }
        let readout = try await readOut()
        let sets = readout.items.map(\.set)
        guard let clock = readout.clock, let moment = clock.moment(in: sets),
            let time = text.rules.dateTime(moment)
        else { return .failure(.objectUndefined) }
        text.clockTexts = clock.addresses.compactMap { address in
            sets.first { $0.address == address }?.values.first?.text
        }
        return .data(DLMSData.octetString(time.octets).octets)
    }

    private mutating func setClock(_ data: DLMSData, _ target: ObjectTarget) async throws(GatewayError) {
        guard let wanted = data.clockTime, wanted.localSecondsSinceEpoch != nil else {
            throw .typeMismatch(target, nil, reason: "it is a complete date-time")
        }
        if text.clockTexts.isEmpty { _ = try await readClock() }
        let texts = text.clockTexts
        let clock = text.clock ?? .usual
        guard let shown = clock.moment(texts) else { throw .objectUndefined(target, nil) }
        guard let moment = moment(wanted, like: shown), let writes = clock.writes(moment, like: texts) else {
            throw .typeMismatch(target, nil, reason: "the meter shows its time as \(texts.joined(separator: ", "))")
        }
        for (address, text) in writes {
            let commands = self.text.manners.clockWrite.map { [$0] } ?? Self.clockCommands
            self.text.manners.clockWrite = try await write(text, to: address, by: commands, target)
        }
    }

    /// A time as the meter tells times: with a season digit if it has one.
    private func moment(_ wanted: COSEMDateTime, like shown: TextTime) -> TextTime? {
        guard let season = shown.season else { return TextTime(date: wanted.date, time: wanted.time) }
        let told = TextTime(date: wanted.date, time: wanted.time)
        guard let instant = wanted.secondsSinceEpoch ?? text.rules.instant(told)?.seconds else { return nil }
        return text.rules.moment(at: instant, in: season == .utc ? .utc : nil)
    }
}
