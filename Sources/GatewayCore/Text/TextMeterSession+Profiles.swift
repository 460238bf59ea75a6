// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Fleet
import Timekeeping

extension TextMeterSession {
    /// The commands that read profiles, the usual one first.
    private static let commands: [TextRead.Command] = [.register, .blocks, .text]
    private static let hour: Int64 = 3600
    /// How far back the first row is looked for, in seconds; the whole profile at last.
    private static let lookBack: [Int64?] = [3 * hour, 48 * hour, 40 * 24 * hour, nil]
    private static let status = OBISCode(0, 0, 96, 10, 1, 255)

    /// What a profile records, asked for by reading the newest rows unless it is known.
    ///
    /// - Returns: nil when the meter does not have it.
    mutating func profile(
        _ name: OBISCode,
        isAnew: Bool = false
    ) async throws(GatewayError) -> TextMemory.Profile? {
        if !isAnew, let known = text.profile(name) { return known }
        if !isAnew, text.isAbsent(name) { return nil }
        let now = exchange.clock.now().seconds
        for distance in Self.lookBack {
            guard let read = try await rows(of: name, from: distance.map { now - $0 }, to: nil) else {
                text.noteAbsent(name)
                return nil
            }
            if let section = read.sections.last { return note(section, of: name) }
        }
        // It exists, and nothing was ever recorded: time and status are all that is known.
        let empty = TextMemory.Profile(columns: [], period: 0, readAt: exchange.clock.now())
        text.keep(empty, of: name)
        return empty
    }

    /// The attributes of the profile object.
    mutating func profileAttribute(
        _ index: Int8,
        of name: OBISCode,
        _ selection: SelectiveAccess?
    ) async throws(GatewayError) -> GetResult {
        guard let profile = try await profile(name) else { return .failure(.objectUndefined) }
        guard index == 2 else {
            return Self.attributes(of: profile)[index].map { .data($0.octets) } ?? .failure(.objectUndefined)
        }
        var bounds: (from: Int64?, to: Int64?) = (nil, nil)
        if let selection {
            guard let range = range(selection) else { return .failure(.otherReason) }
            bounds = range
        }
        guard let read = try await rows(of: name, from: bounds.from, to: bounds.to) else {
            return .failure(.objectUndefined)
        }
        return .data(try octets(of: read, profile, name))
    }

    /// The attributes 3 to 6 that stand for what a profile records.
    static func attributes(of profile: TextMemory.Profile) -> [Int8: DLMSData] {
        let columns =
            [CaptureObject.clock, CaptureObject(classID: 1, logicalName: status, attributeIndex: 2)]
            + profile.columns.map { column in
                CaptureObject(
                    classID: column.decimals == nil ? TextObject.data : TextObject.register,
                    logicalName: column.logicalName,
                    attributeIndex: 2
                )
            }
        return [
            3: .array(columns.map(\.data)), 4: .doubleLongUnsigned(UInt32(profile.period * 60)),
            5: .enumeration(ProfileDescriptor.SortMethod.fifo.rawValue), 6: CaptureObject.clock.data,
        ]
    }

    /// Reads rows; nil when the meter does not have the profile.
    private mutating func rows(of name: OBISCode, from: Int64?, to: Int64?) async throws(GatewayError) -> TextProfile? {
        guard let address = ReducedOBISCode.profileAddress(of: name) else { return nil }
        var refusal = ""
        let commands = text.manners.profile.map { [$0] } ?? Self.commands
        let seasons = from == nil && to == nil ? [true] : text.manners.rangeHasSeason.map { [$0] } ?? [true, false]
        for command in commands {
            for hasSeason in seasons {
                guard
                    let read = TextRead(
                        profile: address,
                        from: from.flatMap { bound($0, hasSeason) },
                        to: to.flatMap { bound($0, hasSeason) },
                        by: command
                    ), case .read(let results) = try await ask(.read([read])), let result = results.first
                else { throw .internal(reason: "a read was answered otherwise") }
                switch result {
                case .refused(let code): refusal = code
                case .data(let block):
                    text.manners.profile = command
                    if from != nil || to != nil { text.manners.rangeHasSeason = hasSeason }
                    do throws(DecodeError) {
                        return try TextProfile(block)
                    } catch {
                        throw .protocolError(memory.id, reason: "its profile \(address) cannot be read: \(error)")
                    }
                }
            }
        }
        guard text.profile(name) != nil else { return nil }
        throw .meterRefused(
            ObjectTarget(meter: memory.id, object: name, classID: 7, member: .attribute(2)),
            DLMSOutcome(service: "read of \(address)", result: refusal.isEmpty ? "NAK" : refusal, code: 0)
        )
    }

    /// A bound of a range as meters write it: season digit or not, YYMMDDhhmm of local time.
    private func bound(_ seconds: Int64, _ hasSeason: Bool) -> String? {
        text.rules.moment(at: seconds)?.text(like: hasSeason ? "00001010000" : "0001010000", as: .dateTime)
    }

    /// The instants of a range_descriptor; nil for another selection.
    private func range(_ selection: SelectiveAccess) -> (from: Int64?, to: Int64?)? {
        guard selection.selector == 1, case .structure(let members) = selection.parameters, members.count == 4 else {
            return nil
        }
        let bounds = members[1...2].map { member -> Int64? in
            guard case .octetString(let octets) = member, let time = try? COSEMDateTime(octets: octets) else {
                return nil
            }
            return time.secondsSinceEpoch
                ?? time.localSecondsSinceEpoch.map { text.rules.zone.utcSeconds(ofLocal: $0) }
        }
        return (bounds[0], bounds[1])
    }

    /// Keeps what a section says of its profile.
    private func note(_ section: TextProfile.Section, of name: OBISCode) -> TextMemory.Profile {
        let before = text.profile(name)
        let columns = section.columns.enumerated().map { place, column -> TextMemory.Profile.Column in
            let logicalName = ReducedOBISCode.logicalName(of: column.address) ?? OBISCode(0, 0, 0, 0, 0, 0)
            let quantities = section.rows.compactMap { $0[place].map { TextQuantity($0) } }
            var decimals = quantities.contains(nil) ? nil : quantities.compactMap { $0?.decimals }.max() ?? 0
            let isKnown = before.map { $0.columns.count == section.columns.count } ?? false
            if isKnown, let known = before?.columns[place], known.logicalName == logicalName, let most = known.decimals
            {
                decimals = decimals.map { max($0, most) }
            }
            let unit = column.unit.flatMap { TextUnit($0) }
            if column.unit != nil, unit == nil { decimals = nil }
            let scalerUnit = decimals.flatMap { decimals in
                unit.map { $0.scalerUnit(decimals: decimals) }
                    ?? Int8(exactly: -decimals).map { ScalerUnit(scaler: $0, unitCode: UnitTable.unitless) }
            }
            return TextMemory.Profile.Column(logicalName: logicalName, scalerUnit: scalerUnit, decimals: decimals)
        }
        let profile = TextMemory.Profile(columns: columns, period: section.period, readAt: exchange.clock.now())
        text.keep(profile, of: name)
        return profile
    }

    /// The rows as the buffer of a profile object: time, status, values.
    ///
    /// - Throws: ``GatewayError/protocolError(_:reason:)`` when the columns are not those that were told.
    private func octets(
        of read: TextProfile,
        _ profile: TextMemory.Profile,
        _ name: OBISCode
    ) throws(GatewayError) -> [UInt8] {
        var rows: [DLMSData] = []
        for section in read.sections {
            let names = section.columns.map { ReducedOBISCode.logicalName(of: $0.address) }
            guard
                names.elementsEqual(
                    profile.columns.map(\.logicalName),
                    by: { ($0 ?? OBISCode(0, 0, 0, 0, 0, 0)) == $1 }
                ),
                section.period == profile.period, let start = text.rules.instant(section.time)
            else { throw changed(section, name) }
            for (number, values) in section.rows.enumerated() {
                let seconds = start.seconds + Int64(number * section.period) * 60
                guard let time = time(seconds, isFirst: number == 0, section.time) else {
                    throw .protocolError(memory.id, reason: "a row of \(name) has no time")
                }
                var cells: [DLMSData] = [
                    .octetString(time.octets),
                    section.status.map { .doubleLongUnsigned(UInt32(truncatingIfNeeded: $0)) } ?? .nullData,
                ]
                for (value, column) in zip(values, profile.columns) {
                    guard let cell = Self.cell(value, column) else { throw changed(section, name) }
                    cells.append(cell)
                }
                rows.append(.structure(cells))
            }
        }
        return DLMSData.array(rows).octets
    }

    private func changed(_ section: TextProfile.Section, _ name: OBISCode) -> GatewayError {
        _ = note(section, of: name)
        return .protocolError(memory.id, reason: "the columns of \(name) changed; ask again")
    }

    /// The time of a row: as the meter wrote it, or as many periods on.
    private func time(_ seconds: Int64, isFirst: Bool, _ told: TextTime) -> COSEMDateTime? {
        if isFirst { return text.rules.dateTime(told) }
        guard let moment = text.rules.moment(at: seconds, in: told.season == .utc ? .utc : nil),
            var time = text.rules.dateTime(moment)
        else { return nil }
        if told.season == nil {
            time.rawDeviation = .min
            time.rawClockStatus = 0xFF
        }
        return time
    }

    /// A value of a row; nil for a number with more digits behind the point than the column was said to have.
    private static func cell(_ value: String?, _ column: TextMemory.Profile.Column) -> DLMSData? {
        guard let value else { return .nullData }
        guard let decimals = column.decimals else { return .visibleString(Array(value.utf8)) }
        return TextQuantity(value)?.raw(decimals: decimals).map { .long64($0) }
    }
}
