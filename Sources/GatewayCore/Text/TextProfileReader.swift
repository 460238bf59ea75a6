// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import Timekeeping

/// Describes the profiles of text meters, from the headers that come with their rows.
struct TextProfileReader: Sendable {
    /// The profiles that meters are asked for: load profile 1 and the log book.
    private static let usual = [OBISCode(1, 0, 99, 1, 0, 255), OBISCode(1, 0, 99, 98, 0, 255)]
    /// So many rows are asked for at once, a day of quarters of an hour, so that urgent work can pass between them.
    private static let mostRowsInRange: UInt32 = 96

    /// The bits of the status word of VDEW profiles, from which those of COSEM profiles came.
    static let statusTable = ProfileStatusTable(
        bits: ProfileStatusTable.amr.bits + [
            .init(number: 4, name: "reset", isSuspect: false), .init(number: 6, name: "power-up", isSuspect: false),
        ]
    )

    /// The profiles that a meter has.
    func profiles(
        _ session: inout TextMeterSession,
        _ freshness: Freshness
    ) async throws(GatewayError) -> [ProfileReader.Described] {
        let text = session.text
        let names = Self.usual + text.profiles.keys.filter { !Self.usual.contains($0) }.sorted()
        var found: [ProfileReader.Described] = []
        for name in names {
            do throws(GatewayError) {
                guard let sheet = try await sheet(name, &session, freshness) else { continue }
                found.append(ProfileReader.Described(object: sheet.object, sheet: .success(sheet)))
            } catch .notSupported {
                // Without programming mode there are no profiles.
                return []
            }
        }
        return found
    }

    /// One profile.
    ///
    /// - Throws: ``GatewayError/profileUnknown(_:text:)`` when the meter does not have it.
    func profile(
        _ name: OBISCode,
        _ session: inout TextMeterSession,
        _ freshness: Freshness
    ) async throws(GatewayError) -> ProfileSheet {
        guard let sheet = try await sheet(name, &session, freshness) else {
            throw .profileUnknown(session.memory.id, text: name.description)
        }
        return sheet
    }

    private func sheet(
        _ name: OBISCode,
        _ session: inout TextMeterSession,
        _ freshness: Freshness
    ) async throws(GatewayError) -> ProfileSheet? {
        let memory = session.memory
        let known = session.text.profile(name)
        if known == nil, freshness.onlyIfCached { throw .notCached(memory.id) }
        let isAnew = !freshness.onlyIfCached && freshness.maxAge == .zero
        guard let profile = try await session.profile(name, isAnew: isAnew) else { return nil }
        if known == nil { memory.forgetObjectLists() }
        return Self.sheet(name, profile, memory)
    }

    private static func sheet(
        _ name: OBISCode,
        _ profile: TextMemory.Profile,
        _ memory: MeterMemory
    ) -> ProfileSheet? {
        let attributes = TextMeterSession.attributes(of: profile)
        guard let descriptor = ProfileDescriptor(logicalName: name, attributes: attributes) else { return nil }
        var behaviour = memory.behaviour.behaviour.profiles
        behaviour.entrySelection = .unsupported
        behaviour.columnSelection = .unsupported
        behaviour.nullCell = .absent
        behaviour.rangeDeviation = .specified
        behaviour.mostRowsInRange = min(behaviour.mostRowsInRange ?? mostRowsInRange, mostRowsInRange)
        if behaviour.statusTable == .amr { behaviour.statusTable = statusTable }
        return ProfileSheet(
            object: MeterObject(logicalName: name, classID: ProfileReader.profileClass, version: 1),
            descriptor: descriptor,
            scalers: Dictionary(
                profile.columns.compactMap { column in column.scalerUnit.map { (column.logicalName, $0) } }
            ) { first, _ in first },
            behaviour: behaviour,
            template: nil
        )
    }
}
