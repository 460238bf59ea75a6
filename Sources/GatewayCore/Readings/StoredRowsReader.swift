// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import Timekeeping

/// Gives rows of profiles from the store, as the meter gave them.
struct StoredRowsReader: Sendable {
    /// So many rows are taken from the store at once.
    private static let rowsInPage = 2000
    private static let always = Timestamp(microseconds: .min)..<Timestamp(microseconds: .max)

    let store: any GatewayStore
    let clock: any WallClock

    /// Settles which stored rows a query means; nil if no rows of the profile are stored.
    func plan(_ query: RowsQuery, of profile: OBISCode, _ memory: MeterMemory) async throws(GatewayError) -> RowsPlan? {
        let description = try await translating(await store.profileDescription(of: memory.id, profile: profile))
        let behaviour = memory.behaviour.behaviour.profiles
        guard let sheet = description.flatMap({ ProfileSheet($0, behaviour: behaviour) }) else { return nil }
        let window = try query.window(of: sheet, memory, now: clock.now())
        return try RowsPlan(query, of: sheet, in: window, memory, entriesInUse: nil)
    }

    /// Whether all rows that a meter should have by now of the asked time are stored with all their columns.
    ///
    /// Of periods of more than a day, a month say, nobody can be sure, and the meter is asked.
    func isComplete(_ plan: RowsPlan, of meter: MeterID) async throws(GatewayError) -> Bool {
        guard let window = plan.window, plan.entries == nil, window.from < window.to else { return false }
        // What is to come is not missing, but a meter may have it by the time it is asked for.
        guard window.to <= clock.now() + .seconds(Int64(plan.sheet.descriptor.capturePeriod)) else { return false }
        guard
            var coverage = ProfileCoverage(
                from: window.from.seconds,
                to: min(window.to, clock.now()).seconds,
                period: plan.sheet.descriptor.capturePeriod,
                zone: plan.zone
            ), coverage.expected > 0
        else { return false }
        var isWhole = true
        do {
            let times = try await store.storedRowTimes(
                of: meter,
                profile: plan.sheet.object.logicalName,
                in: window.from..<window.to
            )
            for time in times { coverage.note(time.seconds) }
            guard coverage.received >= coverage.expected else { return false }
            try await read(plan, of: meter) {
                isWhole
            } deliver: { _, incomplete in
                if !incomplete.isEmpty { isWhole = false }
            }
        } catch let error as StoreError {
            throw GatewayError(error)
        } catch let error as GatewayError {
            throw error
        } catch {
            throw .internal(reason: "stored rows failed: \(error)")
        }
        return isWhole
    }

    /// Hands over stored rows, oldest first.
    ///
    /// - Parameters:
    ///   - plan: which.
    ///   - meter: whose.
    ///   - isWanted: asked before each page.
    ///   - deliver: takes rows, and the places of those that were read without some of their columns.
    func read(
        _ plan: RowsPlan,
        of meter: MeterID,
        isWanted: () -> Bool,
        deliver: (RowsBatch, Set<Int>) async throws -> Void
    ) async throws {
        var range = plan.window.map { $0.from..<max($0.from, $0.to) } ?? Self.always
        do {
            if let entries = plan.entries {
                let times = try await store.storedRowTimes(
                    of: meter,
                    profile: plan.sheet.object.logicalName,
                    in: range
                )
                guard let first = times.suffix(entries).first else { return }
                range = first..<range.upperBound
            }
            let description = plan.sheet.description(selecting: plan.columns)
            while isWanted() {
                let page = try await store.storedRows(of: meter, description, in: range, limit: Self.rowsInPage)
                let indices = Array(page.rows.indices)
                if !indices.isEmpty { try await deliver(RowsBatch(rows: page.rows, indices: indices), page.incomplete) }
                guard indices.count == Self.rowsInPage, let last = page.rows.utcSeconds(indices.count - 1) else {
                    return
                }
                range = Timestamp(seconds: last + 1)..<max(range.upperBound, Timestamp(seconds: last + 1))
            }
        } catch let error as StoreError {
            throw GatewayError(error)
        }
    }
}

extension ProfileSheet {
    /// A profile as it was described when its rows were stored; nil if that cannot be.
    init?(_ description: ProfileDescription, behaviour: ProfileBehaviour) {
        var attributes: [Int8: DLMSData] = [
            3: .array(description.captureObjects.map(\.data)), 4: .doubleLongUnsigned(description.capturePeriod),
        ]
        if let method = description.sortMethod { attributes[5] = .enumeration(method.rawValue) }
        if let entries = description.profileEntries { attributes[8] = .doubleLongUnsigned(entries) }
        guard let descriptor = ProfileDescriptor(logicalName: description.profile, attributes: attributes) else {
            return nil
        }
        self.init(
            object: MeterObject(
                logicalName: description.profile,
                classID: ProfileReader.profileClass,
                version: 1
            ),
            descriptor: descriptor,
            scalers: description.scalerUnits,
            behaviour: behaviour,
            template: nil
        )
    }

    /// The description with some of the columns, by their places; nil for all.
    fileprivate func description(selecting places: [Int]?) -> ProfileDescription {
        let whole = description
        guard let places else { return whole }
        return ProfileDescription(
            profile: whole.profile,
            captureObjects: places.map { whole.captureObjects[$0] },
            scalerUnits: whole.scalerUnits,
            capturePeriod: whole.capturePeriod,
            sortMethod: whole.sortMethod,
            profileEntries: whole.profileEntries
        )
    }
}
