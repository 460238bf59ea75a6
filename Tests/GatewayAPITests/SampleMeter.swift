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
        var writes = 0
        var refusesSelection = false
        var refusesColumns = false
        /// The buffer has its newest row first.
        var isNewestFirst = false
        /// A register of tariff 1 is captured, too, in front of the other.
        var hasTariffColumn = false
        var rowCount = SampleMeter.rowCount
        /// The most rows in one answer so far.
        var longestAnswer = 0
        var ignoresWrites = false
        /// Commands to the disconnector that arrived.
        var orders = 0
        /// The disconnector says yes and does nothing.
        var ignoresOrders = false
        var refusesOrders = false
    }

    static let energy = OBISCode(1, 0, 1, 8, 0, 255)
    static let tariff = OBISCode(1, 0, 1, 8, 1, 255)
    static let writable = OBISCode(0, 0, 96, 50, 0, 255)
    static let denied = OBISCode(0, 0, 96, 50, 2, 255)
    static let disconnector = OBISCode(0, 0, 96, 3, 10, 255)
    static let profile = OBISCode(1, 0, 99, 1, 0, 255)
    static let clock = OBISCode(0, 0, 1, 0, 0, 255)
    static let twice = OBISCode(1, 0, 0, 2, 0, 255)
    static let association = OBISCode(0, 0, 40, 0, 0, 255)
    static let scripts = OBISCode(0, 0, 10, 0, 106, 255)
    static let tariffScripts = OBISCode(0, 0, 10, 0, 100, 255)
    static let schedule = OBISCode(0, 0, 15, 0, 1, 255)
    static let limiter = OBISCode(0, 0, 17, 0, 0, 255)

    /// A table with one script of one action.
    static func script(_ classID: UInt16, _ object: OBISCode, _ method: Int8) -> DLMSData {
        .array([
            .structure([
                .longUnsigned(1),
                .array([
                    .structure([
                        .enumeration(2), .longUnsigned(classID), .octetString(object.octets), .integer(method),
                        .integer(0),
                    ])
                ]),
            ])
        ])
    }

    private static func action(_ table: OBISCode) -> DLMSData {
        .structure([.octetString(table.octets), .longUnsigned(1)])
    }

    /// The time of the first row, 2026-11-20T00:00:00Z.
    static let firstRow: Int64 = 1_795_132_800
    static let rowCount = 200

    let state: Mutex<State>
    private let hooks = Mutex(Hooks())

    private struct Hooks {
        var beforeWriting: (@Sendable () -> Void)?
        var afterMethod: (@Sendable () -> Void)?
    }

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
        add(9, 0, Self.scripts, [(2, 3, Self.script(70, Self.disconnector, 1))], [1])
        add(9, 0, Self.tariffScripts, [(2, 3, Self.script(6, OBISCode(0, 0, 14, 0, 0, 255), 1))], [1])
        add(
            22,
            0,
            Self.schedule,
            [(2, 3, Self.action(Self.tariffScripts)), (3, 3, .enumeration(1)), (4, 3, .array([]))]
        )
        add(
            71,
            0,
            Self.limiter,
            [
                (3, 3, .doubleLongUnsigned(9)),
                (11, 3, .structure([Self.action(Self.scripts), Self.action(Self.scripts)])),
            ]
        )
        add(8, 0, Self.clock, [(2, 3, .octetString([UInt8](repeating: 0xFF, count: 12)))])
        let columns = [CaptureObject.clock, CaptureObject(classID: 3, logicalName: Self.energy, attributeIndex: 2)]
        add(
            7,
            1,
            Self.profile,
            [
                (2, 1, .array([])), (3, 1, .array(columns.map(\.data))),
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
                guard !state.refusesSelection, let rows = Self.selected(selection, state) else {
                    return .failure(.otherReason)
                }
                state.longestAnswer = max(state.longestAnswer, rows.count)
                return .data(DLMSData.array(rows).octets)
            }
            if place == Place(7, Self.profile, 2) {
                let rows = Self.rows(Array(0..<state.rowCount), state)
                state.longestAnswer = max(state.longestAnswer, rows.count)
                return .data(DLMSData.array(rows).octets)
            }
            return state.values[place].map { .data($0.octets) } ?? .failure(.objectUndefined)
        }
    }

    func set(_ request: AttributeRequest, to value: DLMSData, for client: ServedClient) -> DataAccessResult {
        let place = Place(request.descriptor.classID, request.descriptor.instanceID, request.descriptor.attributeID)
        hooks.withLock { $0.beforeWriting }?()
        return state.withLock { state in
            state.writes += 1
            guard place.object != Self.denied else { return .readWriteDenied }
            guard state.values[place] != nil else { return .objectUndefined }
            if !state.ignoresWrites { state.values[place] = value }
            return .success
        }
    }

    func invoke(_ method: MethodDescriptor, parameter: DLMSData?, for client: ServedClient) -> ActionOutcome {
        let result = state.withLock { state in
            state.invocations[method.methodID, default: 0] += 1
            return method.classID == 70 ? Self.order(method.methodID, &state) : .success
        }
        hooks.withLock { $0.afterMethod }?()
        return ActionOutcome(result: result)
    }

    private static func order(_ method: Int8, _ state: inout State) -> ActionResult {
        state.orders += 1
        guard !state.refusesOrders, let order = DisconnectControl.Order(rawValue: method) else { return .otherReason }
        guard !state.ignoresOrders else { return .success }
        guard case .enumeration(let code)? = state.values[Place(70, disconnector, 3)],
            case .enumeration(let mode)? = state.values[Place(70, disconnector, 4)],
            let present = DisconnectControl.State(rawValue: code),
            let next = DisconnectControl.Mode(rawValue: mode)?.state(after: order, from: present)
        else { return .otherReason }
        show(next, &state)
        return .success
    }

    private static func show(_ shown: DisconnectControl.State, _ state: inout State) {
        state.values[Place(70, disconnector, 2)] = .boolean(shown == .connected)
        state.values[Place(70, disconnector, 3)] = .enumeration(shown.rawValue)
    }

    /// What is done after a method was invoked, before the answer.
    var onInvoke: (@Sendable () -> Void)? {
        get { hooks.withLock { $0.afterMethod } }
        set { hooks.withLock { $0.afterMethod = newValue } }
    }

    /// How many commands to the disconnector arrived.
    var orders: Int { state.withLock { $0.orders } }

    /// Moves the disconnector by hand.
    func setDisconnector(_ shown: DisconnectControl.State, mode: UInt8 = 1) {
        state.withLock { state in
            Self.show(shown, &state)
            state.values[Place(70, Self.disconnector, 4)] = .enumeration(mode)
        }
    }

    /// How often an attribute was read.
    func reads(_ classID: UInt16, _ object: OBISCode, _ index: Int8) -> Int {
        state.withLock { $0.reads[Place(classID, object, index)] ?? 0 }
    }

    /// What is done before an attribute is written.
    var onWrite: (@Sendable () -> Void)? {
        get { hooks.withLock { $0.beforeWriting } }
        set { hooks.withLock { $0.beforeWriting = newValue } }
    }

    /// How often an attribute was written, whichever.
    var writes: Int { state.withLock { $0.writes } }

    /// Lets the clock show a local time without deviation and status.
    func showLocalTime(utcSeconds: Int64, offsetMinutes: Int) {
        var time = COSEMDateTime(secondsSinceEpoch: utcSeconds, deviationMinutes: -offsetMinutes)
        time?.rawDeviation = .min
        time?.rawClockStatus = 0xFF
        let shown = DLMSData.octetString(time?.octets ?? [])
        state.withLock { $0.values[Place(8, Self.clock, 2)] = shown }
    }

    /// What the clock shows.
    var shownTime: COSEMDateTime? {
        guard case .octetString(let octets)? = state.withLock({ $0.values[Place(8, Self.clock, 2)] }) else {
            return nil
        }
        return try? COSEMDateTime(octets: octets)
    }

    /// How often a method was invoked, whichever.
    var invocations: Int { state.withLock { $0.invocations.values.reduce(0, +) } }

    /// Captures another register from now on.
    func addTariffColumn() {
        state.withLock { state in
            state.hasTariffColumn = true
            state.values[Place(7, Self.profile, 3)] = .array(Self.columns(state).map(\.data))
        }
    }

    /// Changes how many rows the profile has, and how they are sorted.
    func shapeBuffer(rowCount: Int = SampleMeter.rowCount, isNewestFirst: Bool = false, saysSo: Bool = true) {
        state.withLock { state in
            state.rowCount = rowCount
            state.isNewestFirst = isNewestFirst
            state.values[Place(7, Self.profile, 5)] = .enumeration(isNewestFirst && saysSo ? 2 : 1)
            state.values[Place(7, Self.profile, 7)] = .doubleLongUnsigned(UInt32(rowCount))
        }
    }

    private static func columns(_ state: State) -> [CaptureObject] {
        let energy = CaptureObject(classID: 3, logicalName: Self.energy, attributeIndex: 2)
        let tariff = CaptureObject(classID: 3, logicalName: Self.tariff, attributeIndex: 2)
        return [.clock] + (state.hasTariffColumn ? [tariff] : []) + [energy]
    }

    private static func rows(_ numbers: [Int], _ state: State, columns: [Int]? = nil) -> [DLMSData] {
        (state.isNewestFirst ? numbers.reversed() : numbers).map { number in
            let time = COSEMDateTime(secondsSinceEpoch: firstRow + Int64(number) * 900, deviationMinutes: 0)
            let tariff: [DLMSData] = state.hasTariffColumn ? [.doubleLongUnsigned(7)] : []
            let cells = [.octetString(time?.octets ?? [])] + tariff + [.doubleLongUnsigned(UInt32(1000 + number))]
            return .structure(columns.map { $0.map { cells[$0] } } ?? cells)
        }
    }

    private static func selected(_ selection: SelectiveAccess, _ state: State) -> [DLMSData]? {
        guard case .structure(let members) = selection.parameters else { return [] }
        let all = columns(state)
        if selection.selector == 2 {
            let first = Int(members[0].integerValue ?? 1)
            let last = Int(members[1].integerValue ?? 0)
            let (low, high) = (Int(members[2].integerValue ?? 1), Int(members[3].integerValue ?? 0))
            guard !state.refusesColumns || (low == 1 && high == 0) else { return nil }
            let entries = first - 1..<(last == 0 ? state.rowCount : last)
            let numbers = state.isNewestFirst ? entries.map { state.rowCount - 1 - $0 }.reversed() : Array(entries)
            return rows(numbers, state, columns: Array(low - 1..<(high == 0 ? all.count : high)))
        }
        func seconds(_ data: DLMSData) -> Int64 {
            guard case .octetString(let octets) = data else { return 0 }
            return (try? COSEMDateTime(octets: octets))?.secondsSinceEpoch ?? 0
        }
        let wanted = CaptureObject.list(members[3]) ?? []
        guard wanted.isEmpty || !state.refusesColumns else { return nil }
        let (from, to) = (seconds(members[1]), seconds(members[2]))
        let numbers = (0..<state.rowCount).filter { (from...to).contains(firstRow + Int64($0) * 900) }
        return rows(numbers, state, columns: wanted.isEmpty ? nil : all.indices.filter { wanted.contains(all[$0]) })
    }
}

extension SampleMeter.Place {
    init(_ classID: UInt16, _ object: OBISCode, _ index: Int8) {
        self.init(classID: classID, object: object, index: index)
    }
}
