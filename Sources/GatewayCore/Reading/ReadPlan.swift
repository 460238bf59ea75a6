// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Fleet
import Timekeeping

/// Which attributes have to be fetched for a set of queries, each once, and what becomes of the queries.
struct ReadPlan {
    private enum Step {
        /// Settled without the meter.
        case settled(ReadAnswer.Outcome)
        /// The value is the result of this request.
        case fetched(AttributeQuery, AttributeResolver.Found, request: Int)
    }

    private let memory: MeterMemory
    private let association: String
    private let now: Timestamp
    private var steps: [Step] = []
    /// What to ask the meter for.
    private(set) var requests: [AttributeRequest] = []
    /// What the meter answered to each, with whether the answer was shared; nil so far.
    var results: [Result<(GetResult, isShared: Bool, isVerified: Bool), GatewayError>?] = []
    private var places: [AttributeRequest: Int] = [:]
    private var scalerPlaces: [MeterMemory.ObjectKey: Int] = [:]

    init(_ errand: MeterErrand, now: Timestamp) {
        memory = errand.memory
        association = errand.association
        self.now = now
    }

    /// The value in memory if it is young enough.
    func kept(_ found: AttributeResolver.Found, freshness: Freshness, usual: Duration) -> Reading? {
        guard var reading = memory.value(key(found)), freshness.accepts(age: now - reading.readAt, usual: usual) else {
            return nil
        }
        if reading.source != .imported { reading.source = .cache }
        return reading
    }

    /// The value of a text meter whose readout was made a moment ago to find out what objects it has.
    func justRead(_ found: AttributeResolver.Found, _ list: ListedObjects?, _ source: ReadingSource) -> Reading? {
        guard memory.text != nil, source == .live || source == .shared, var reading = memory.value(key(found)),
            reading.readAt == list?.readAt
        else { return nil }
        reading.source = source
        return reading
    }

    /// Notes a query that is settled.
    mutating func add(
        _ query: AttributeQuery,
        _ found: AttributeResolver.Found?,
        _ result: Result<Reading, GatewayError>
    ) {
        steps.append(
            .settled(
                ReadAnswer.Outcome(
                    query: query,
                    object: found?.object,
                    attributeIndex: found?.index,
                    result: result
                )
            )
        )
    }

    /// Notes a query whose attribute has to be fetched, with its scaler_unit if that is not known.
    mutating func fetch(_ query: AttributeQuery, _ found: AttributeResolver.Found, scalerAge: Duration) {
        let request = AttributeRequest(found.object.attribute(found.index), selectiveAccess: query.selection)
        steps.append(.fetched(query, found, request: place(request)))
        guard QuantityAttributes.contains(classID: found.object.classID, index: found.index),
            let scalerIndex = QuantityAttributes.scalerUnitIndex(classID: found.object.classID)
        else { return }
        let key = objectKey(found.object)
        // A text meter writes value and scaler as one, so that they are read as one.
        guard memory.text != nil || memory.scalerUnit(key, now: now, maxAge: scalerAge) == nil,
            scalerPlaces[key] == nil
        else { return }
        scalerPlaces[key] = place(AttributeRequest(found.object.attribute(scalerIndex)))
    }

    /// What became of the queries; keeps values and scalers in the meter's memory.
    func outcomes(readAt: Timestamp) -> [ReadAnswer.Outcome] {
        for (key, place) in scalerPlaces { keepScaler(key, at: place, readAt: readAt) }
        return steps.map { step in
            switch step {
            case .settled(let outcome): return outcome
            case .fetched(let query, let found, let request):
                return ReadAnswer.Outcome(
                    query: query,
                    object: found.object,
                    attributeIndex: found.index,
                    result: reading(query, found, request, readAt: readAt)
                )
            }
        }
    }

    private func keepScaler(_ key: MeterMemory.ObjectKey, at place: Int, readAt: Timestamp) {
        guard case .success(let (result, _, _)) = results[place] else { return }
        switch result {
        case .data(let octets):
            let data = try? DLMSData(octets: octets)
            memory.keep(data.flatMap { ScalerUnit($0) }, for: key, readAt: readAt)
        case .failure(let reason):
            // A register without a readable scaler_unit: the raw number is all there is. What may pass is asked again.
            switch reason {
            case .temporaryFailure, .hardwareFault, .otherReason: return
            default: memory.keep(nil, for: key, readAt: readAt)
            }
        }
    }

    private func reading(
        _ query: AttributeQuery,
        _ found: AttributeResolver.Found,
        _ place: Int,
        readAt: Timestamp
    ) -> Result<Reading, GatewayError> {
        let object = found.object
        switch results[place] {
        case nil: return .failure(.internal(reason: "an attribute was not fetched"))
        case .failure(let error): return .failure(error)
        case .success((.failure(let reason), _, _)):
            return .failure(
                GatewayError(
                    reason,
                    to: "get",
                    object.target(.attribute(found.index), of: memory.id),
                    name: "attribute \(query.attribute)",
                    isListed: found.entry?.lists(attribute: found.index)
                )
            )
        case .success((.data(let octets), let isShared, let isVerified)):
            do {
                let reading = Reading(
                    object: object,
                    attributeIndex: found.index,
                    data: try DLMSData(octets: octets),
                    context: .attribute(
                        classID: object.classID,
                        version: object.version,
                        logicalName: object.logicalName,
                        index: found.index,
                        scalerUnit: scalerUnit(objectKey(object), readAt: readAt)
                    ),
                    readAt: readAt,
                    source: isShared ? .shared : .live,
                    association: association,
                    isVerified: isVerified
                )
                if query.selection == nil, octets.count <= MeterMemory.largestValue {
                    memory.keep(reading, at: key(found))
                }
                return .success(reading)
            } catch {
                return .failure(
                    .protocolError(
                        memory.id,
                        reason: "attribute \(found.index) of \(object.logicalName) cannot be decoded: \(error)"
                    )
                )
            }
        }
    }

    /// The scaler_unit that was read with the value, else the one that is kept.
    private func scalerUnit(_ key: MeterMemory.ObjectKey, readAt: Timestamp) -> ScalerUnit? {
        if let place = scalerPlaces[key], case .success((.data(let octets), _, _))? = results[place],
            let data = try? DLMSData(octets: octets), let scalerUnit = ScalerUnit(data)
        {
            return scalerUnit
        }
        return memory.scalerUnit(key, now: readAt, maxAge: AttributeReader.scalerAge) ?? nil
    }

    private mutating func place(_ request: AttributeRequest) -> Int {
        if let place = places[request] { return place }
        requests.append(request)
        results.append(nil)
        places[request] = requests.count - 1
        return requests.count - 1
    }

    private func key(_ found: AttributeResolver.Found) -> MeterMemory.ValueKey {
        MeterMemory.ValueKey(
            association: association,
            classID: found.object.classID,
            logicalName: found.object.logicalName,
            index: found.index
        )
    }

    private func objectKey(_ object: MeterObject) -> MeterMemory.ObjectKey {
        MeterMemory.ObjectKey(classID: object.classID, logicalName: object.logicalName)
    }
}

extension ObjectListEntry {
    /// Whether the object list has that attribute; nil when it gives no rights for this object at all.
    func lists(attribute index: Int8) -> Bool? {
        attributes.isEmpty ? nil : attributes.contains { $0.index == index }
    }
}
