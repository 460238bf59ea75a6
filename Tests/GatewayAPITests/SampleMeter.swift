// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import DLMSSecurity
import Synchronization

/// A small meter: registers, writable data, a disconnector and a load profile; it counts what it is asked for.
final class SampleMeter: ObjectServer {
    /// One attribute of an object.
    struct Place: Hashable {
        var classID: UInt16
        var object: OBISCode
        var index: Int8
    }

    struct State {
        var values: [Place: DLMSData] = [:]
        var objects:
            [(classID: UInt16, version: UInt8, object: OBISCode, attributes: [(Int8, UInt8)], methods: [Int8])] =
                []
        var reads: [Place: Int] = [:]
        var invocations: [Int8: Int] = [:]
        var refusesSelection = false
        var ignoresWrites = false
    }

    static let energy = OBISCode(1, 0, 1, 8, 0, 255)
    static let writable = OBISCode(0, 0, 96, 50, 0, 255)
    static let denied = OBISCode(0, 0, 96, 50, 2, 255)
    static let disconnector = OBISCode(0, 0, 96, 3, 10, 255)
    static let profile = OBISCode(1, 0, 99, 1, 0, 255)
    static let clock = OBISCode(0, 0, 1, 0, 0, 255)
    static let twice = OBISCode(1, 0, 0, 2, 0, 255)
    static let association = OBISCode(0, 0, 40, 0, 0, 255)
    /// The time of the first row, 2026-11-20T00:00:00Z.
    static let firstRow: Int64 = 1_795_132_800
    static let rowCount = 200

    let state: Mutex<State>

    init() {
        var state = State()
        func add(
            _ classID: UInt16,
            _ version: UInt8,
            _ object: OBISCode,
            _ values: [(Int8, UInt8, DLMSData)],
            _ methods: [Int8] = []
        ) {
            state.objects.append((classID, version, object, [(1, 1)] + values.map { ($0.0, $0.1) }, methods))
            state.values[Place(classID: classID, object: object, index: 1)] = .octetString(object.octets)
            for (index, _, value) in values {
                state.values[Place(classID: classID, object: object, index: index)] = value
            }
        }
        add(15, 1, Self.association, [(2, 1, .nullData)])
        add(
            3,
            0,
            Self.energy,
            [(2, 1, .doubleLongUnsigned(1_234_567)), (3, 1, ScalerUnit(scaler: -2, unitCode: 30).data)],
            [1]
        )
        add(1, 0, Self.writable, [(2, 3, .octetString([0]))])
        add(1, 0, Self.denied, [(2, 1, .unsigned(1))])
        add(1, 0, Self.twice, [(2, 1, .visibleString(Array("1.0".utf8)))])
        add(3, 0, Self.twice, [(2, 1, .unsigned(7)), (3, 1, ScalerUnit(scaler: 0, unitCode: 255).data)])
        add(
            70,
            0,
            Self.disconnector,
            [(2, 1, .boolean(true)), (3, 1, .enumeration(1)), (4, 3, .enumeration(1))],
            [1, 2]
        )
        add(8, 0, Self.clock, [(2, 3, .octetString([UInt8](repeating: 0xFF, count: 12)))])
        let columns = [CaptureObject.clock, CaptureObject(classID: 3, logicalName: Self.energy, attributeIndex: 2)]
        add(
            7,
            1,
            Self.profile,
            [
                (2, 1, .array(Self.rows(0..<Self.rowCount))), (3, 1, .array(columns.map(\.data))),
                (4, 1, .doubleLongUnsigned(900)), (5, 1, .enumeration(1)), (6, 1, columns[0].data),
                (7, 1, .doubleLongUnsigned(UInt32(Self.rowCount))), (8, 1, .doubleLongUnsigned(4000)),
            ],
            [1, 2]
        )
        state.values[Place(classID: 15, object: Self.association, index: 2)] = .array(
            state.objects.map { entry in
                .structure([
                    .longUnsigned(entry.classID), .unsigned(entry.version), .octetString(entry.object.octets),
                    .structure([
                        .array(
                            entry.attributes.map {
                                .structure([.integer($0.0), .enumeration($0.1), .nullData])
                            }
                        ),
                        .array(entry.methods.map { .structure([.integer($0), .enumeration(1)]) }),
                    ]),
                ])
            }
        )
        self.state = Mutex(state)
    }

    func association(for client: ClientAddress) -> AssociationTerms? {
        switch client.clientSAP {
        case 16: AssociationTerms()
        case 1, 32: AssociationTerms(authentication: .low(Secret(text: "12345678")))
        default: nil
        }
    }

    func get(_ request: AttributeRequest, for client: ServedClient) -> GetResult {
        let place = Place(request.descriptor.classID, request.descriptor.instanceID, request.descriptor.attributeID)
        return state.withLock { state in
            state.reads[place, default: 0] += 1
            if let selection = request.selectiveAccess {
                guard !state.refusesSelection else { return .failure(.otherReason) }
                return .data(DLMSData.array(Self.selected(selection)).octets)
            }
            return state.values[place].map { .data($0.octets) } ?? .failure(.objectUndefined)
        }
    }

    func set(_ request: AttributeRequest, to value: DLMSData, for client: ServedClient) -> DataAccessResult {
        let place = Place(request.descriptor.classID, request.descriptor.instanceID, request.descriptor.attributeID)
        return state.withLock { state in
            guard place.object != Self.denied else { return .readWriteDenied }
            guard state.values[place] != nil else { return .objectUndefined }
            if !state.ignoresWrites { state.values[place] = value }
            return .success
        }
    }

    func invoke(_ method: MethodDescriptor, parameter: DLMSData?, for client: ServedClient) -> ActionOutcome {
        state.withLock { $0.invocations[method.methodID, default: 0] += 1 }
        return ActionOutcome(result: .success)
    }

    /// How often an attribute was read.
    func reads(_ classID: UInt16, _ object: OBISCode, _ index: Int8) -> Int {
        state.withLock { $0.reads[Place(classID, object, index)] ?? 0 }
    }

    /// How often a method was invoked, whichever.
    var invocations: Int { state.withLock { $0.invocations.values.reduce(0, +) } }

    private static func rows(_ range: Range<Int>) -> [DLMSData] {
        range.map { number in
            let time = COSEMDateTime(secondsSinceEpoch: firstRow + Int64(number) * 900, deviationMinutes: 0)
            return .structure([.octetString(time?.octets ?? []), .doubleLongUnsigned(UInt32(1000 + number))])
        }
    }

    private static func selected(_ selection: SelectiveAccess) -> [DLMSData] {
        guard case .structure(let members) = selection.parameters else { return [] }
        if selection.selector == 2 {
            let first = Int(members[0].integerValue ?? 1)
            let last = Int(members[1].integerValue ?? 0)
            return rows(first - 1..<(last == 0 ? rowCount : last))
        }
        func seconds(_ data: DLMSData) -> Int64 {
            guard case .octetString(let octets) = data else { return 0 }
            return (try? COSEMDateTime(octets: octets))?.secondsSinceEpoch ?? 0
        }
        let (from, to) = (seconds(members[1]), seconds(members[2]))
        let numbers = (0..<rowCount).filter { (from...to).contains(firstRow + Int64($0) * 900) }
        return numbers.flatMap { rows($0..<$0 + 1) }
    }
}

extension SampleMeter.Place {
    init(_ classID: UInt16, _ object: OBISCode, _ index: Int8) {
        self.init(classID: classID, object: object, index: index)
    }
}
