// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Fleet
import Timekeeping

/// Reads what profiles record: the attributes of class 7 and the scalers of what is captured.
struct ProfileReader: Sendable {
    /// The class of profiles.
    static let profileClass: UInt16 = 7
    /// The class of compact data, which is read as a profile of one row.
    static let compactDataClass: UInt16 = 62
    /// How long the columns of a profile hold.
    static let usualAge = Duration.seconds(86_400)
    /// capture_objects, capture_period, sort_method, sort_object, profile_entries (Blue Book, class 7).
    private static let lastingAttributes: [Int8] = [3, 4, 5, 6, 8]
    /// capture_objects, template_id, template_description (Blue Book, class 62).
    private static let compactDataAttributes: [Int8] = [3, 4, 5]
    /// entries_in_use, which grows with every row.
    private static let entriesInUse: Int8 = 7

    let reader: AttributeReader
    let objects: ObjectDirectory

    static func isReadable(_ classID: UInt16) -> Bool { classID == profileClass || classID == compactDataClass }

    /// One profile, or why it could not be described.
    struct Described: Sendable {
        let object: MeterObject
        let sheet: Result<ProfileSheet, GatewayError>
    }

    /// The profiles that the object list has.
    func profiles(
        for errand: MeterErrand,
        freshness: Freshness
    ) async throws(GatewayError) -> (profiles: [Described], timings: ExchangeTimings) {
        if var session = textSession(errand) {
            let found = try await TextProfileReader().profiles(&session, freshness)
            return (found, session.timings)
        }
        let listed = try await objects.list(for: errand, freshness: Freshness(onlyIfCached: freshness.onlyIfCached))
        let found = listed.list.entries.filter { Self.isReadable($0.classID) }
            .map { MeterObject(logicalName: $0.logicalName, classID: $0.classID, version: $0.version) }
        let (sheets, timings) = try await sheets(of: found, for: errand, freshness: freshness)
        var total = listed.timings
        total += timings
        return (zip(found, sheets).map { Described(object: $0, sheet: $1) }, total)
    }

    /// One profile.
    ///
    /// - Throws: ``GatewayError/profileUnknown(_:text:)`` when the object list has no such profile.
    func profile(
        _ logicalName: OBISCode,
        for errand: MeterErrand,
        freshness: Freshness
    ) async throws(GatewayError) -> (sheet: ProfileSheet, timings: ExchangeTimings) {
        if var session = textSession(errand) {
            let sheet = try await TextProfileReader().profile(logicalName, &session, freshness)
            return (sheet, session.timings)
        }
        let listed = try await objects.list(for: errand, freshness: Freshness(onlyIfCached: freshness.onlyIfCached))
        guard let entry = listed.list.entries(logicalName).first(where: { Self.isReadable($0.classID) }) else {
            throw .profileUnknown(errand.memory.id, text: logicalName.description)
        }
        let object = MeterObject(logicalName: logicalName, classID: entry.classID, version: entry.version)
        let (sheets, timings) = try await sheets(of: [object], for: errand, freshness: freshness)
        var total = listed.timings
        total += timings
        guard let sheet = sheets.first else { throw .internal(reason: "a profile was not described") }
        return (try sheet.get(), total)
    }

    /// How to ask a text meter; nil for one that speaks DLMS.
    private func textSession(_ errand: MeterErrand) -> TextMeterSession? {
        errand.memory.text.map { TextMeterSession(exchange: reader.exchange, errand: errand, text: $0) }
    }

    private func sheets(
        of profiles: [MeterObject],
        for errand: MeterErrand,
        freshness: Freshness
    ) async throws(GatewayError) -> (sheets: [Result<ProfileSheet, GatewayError>], timings: ExchangeTimings) {
        func queries(_ indices: [Int8], compactData: [Int8]) -> [AttributeQuery] {
            profiles.flatMap { profile in
                (profile.classID == Self.compactDataClass ? compactData : indices).map {
                    AttributeQuery(
                        object: profile.logicalName,
                        classID: profile.classID,
                        attribute: .index($0)
                    )
                }
            }
        }
        let lastingFreshness = Freshness(
            maxAge: freshness.maxAge ?? Self.usualAge,
            onlyIfCached: freshness.onlyIfCached
        )
        let lasting = try await reader.read(
            queries(Self.lastingAttributes, compactData: Self.compactDataAttributes),
            for: errand,
            freshness: lastingFreshness
        )
        let counts = try await reader.read(
            queries([Self.entriesInUse], compactData: []),
            for: errand,
            freshness: freshness
        )
        var attributes: [OBISCode: [Int8: DLMSData]] = [:]
        var failures: [OBISCode: GatewayError] = [:]
        for outcome in lasting.outcomes + counts.outcomes {
            switch outcome.result {
            case .success(let reading):
                attributes[outcome.query.object, default: [:]][reading.attributeIndex] = reading.data
            case .failure(let error):
                if outcome.attributeIndex == 3 { failures[outcome.query.object] = error }
            }
        }
        let descriptors = profiles.map { profile in
            let read = attributes[profile.logicalName] ?? [:]
            let isCompact = profile.classID == Self.compactDataClass
            return ProfileDescriptor(
                logicalName: profile.logicalName,
                attributes: isCompact ? read.filter { $0.key == 3 } : read
            )
        }
        let captured = descriptors.compactMap(\.self).flatMap(\.captureObjects)
        let (scalers, timings) = try await scalers(of: captured, for: errand, onlyIfCached: freshness.onlyIfCached)
        var total = lasting.timings
        total += counts.timings
        total += timings
        let sheets = zip(profiles, descriptors).map { profile, descriptor -> Result<ProfileSheet, GatewayError> in
            guard let descriptor else {
                return .failure(
                    failures[profile.logicalName]
                        ?? .protocolError(
                            errand.memory.id,
                            reason: "the columns of \(profile.logicalName) cannot be read"
                        )
                )
            }
            var template: ProfileSheet.Template?
            if profile.classID == Self.compactDataClass {
                let read = attributes[profile.logicalName] ?? [:]
                guard let number = read[4]?.integerValue.flatMap({ UInt8(exactly: $0) }),
                    case .octetString(let description)? = read[5]
                else {
                    return .failure(
                        .protocolError(
                            errand.memory.id,
                            reason: "the template of \(profile.logicalName) cannot be read"
                        )
                    )
                }
                template = ProfileSheet.Template(number: number, description: description)
            }
            return .success(
                ProfileSheet(
                    object: profile,
                    descriptor: descriptor,
                    scalers: scalers,
                    behaviour: errand.memory.behaviour.behaviour.profiles,
                    template: template
                )
            )
        }
        return (sheets, total)
    }

    /// Scaler and unit of captured registers, as kept of the meter or its model; one that cannot be read is left out.
    private func scalers(
        of captured: [CaptureObject],
        for errand: MeterErrand,
        onlyIfCached: Bool
    ) async throws(GatewayError) -> (scalers: [OBISCode: ScalerUnit], timings: ExchangeTimings) {
        let memory = errand.memory
        var queries: [AttributeQuery] = []
        var scalers: [OBISCode: ScalerUnit] = [:]
        var seen: Set<OBISCode> = []
        let now = reader.clock.now()
        let age = memory.behaviour.behaviour.scalers == .live ? .zero : Self.usualAge
        for capture in captured where capture.dataIndex == 0 {
            guard QuantityAttributes.contains(classID: capture.classID, index: capture.attributeIndex),
                let index = QuantityAttributes.scalerUnitIndex(classID: capture.classID),
                seen.insert(capture.logicalName).inserted
            else { continue }
            let key = MeterMemory.ObjectKey(classID: capture.classID, logicalName: capture.logicalName)
            if let kept = memory.scalerUnit(key, now: now, maxAge: age) {
                scalers[capture.logicalName] = kept
            } else {
                queries.append(
                    AttributeQuery(object: capture.logicalName, classID: capture.classID, attribute: .index(index))
                )
            }
        }
        guard !queries.isEmpty else { return (scalers, .none) }
        let answer = try await reader.read(
            queries,
            for: errand,
            freshness: Freshness(maxAge: age, onlyIfCached: onlyIfCached)
        )
        for outcome in answer.outcomes {
            guard case .success(let reading) = outcome.result, let scaler = ScalerUnit(reading.data),
                let classID = outcome.query.classID
            else { continue }
            scalers[outcome.query.object] = scaler
            let key = MeterMemory.ObjectKey(classID: classID, logicalName: outcome.query.object)
            memory.keep(scaler, for: key, readAt: reading.readAt)
        }
        return (scalers, answer.timings)
    }
}
