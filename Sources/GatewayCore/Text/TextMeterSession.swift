// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Fleet
import Timekeeping

/// Serves requests for COSEM attributes with what a text meter says, so that everything above knows one kind of meter.
///
/// | attribute | what the meter is asked |
/// |---|---|
/// | of what its readout lists (classes 1, 3, 4) | one readout for all of them |
/// | of another object | R1, or R5 |
/// | 2 of the clock (class 8) | R1 of date and time, else a readout |
/// | 2 of a profile (class 7) | R5 or R6 of `P.01` with a range |
struct TextMeterSession {
    let exchange: MeterExchange
    let errand: MeterErrand
    let text: TextMemory
    private(set) var timings = ExchangeTimings.none
    private(set) var isShared = false

    var memory: MeterMemory { errand.memory }

    /// The classes of data sets.
    private static let dataClasses: Set<UInt16> = [TextObject.data, TextObject.register, TextObject.extendedRegister]

    init(
        exchange: MeterExchange,
        errand: MeterErrand,
        text: TextMemory
    ) {
        self.exchange = exchange
        self.errand = errand
        self.text = text
    }

    /// Carries out a request.
    ///
    /// - Throws: ``GatewayError/notSupported(what:)`` for methods, which the text protocol does not have.
    mutating func perform(_ service: ServiceRequest) async throws(GatewayError) -> MeterExchange.Answer {
        let response: ServiceResponse
        switch service {
        case .get(let requests): response = .get(try await get(requests))
        case .set(let writes):
            for write in writes { try await set(write) }
            response = .set([DataAccessResult](repeating: .success, count: writes.count))
        case .unconfirmedSet(let write):
            try await set(write)
            response = .sent
        case .text(let request): response = .text(try await ask(request))
        case .action, .actions, .access: throw .notSupported(what: "methods of meters that speak IEC 62056-21")
        }
        return MeterExchange.Answer(
            response: response,
            timings: timings,
            isShared: isShared,
            isVerified: true,
            usesShortNames: false
        )
    }

    /// Sends one request of the text protocol.
    mutating func ask(_ request: TextRequest) async throws(GatewayError) -> TextResponse {
        let answer = try await exchange.send(.text(request), for: errand)
        timings += answer.timings
        isShared = isShared || answer.isShared
        guard case .text(let response) = answer.response else {
            throw .internal(reason: "a text request was answered by another service")
        }
        return response
    }

    /// Reads the meter out, and keeps the readout.
    mutating func readOut(_ kind: TextReadoutKind = .standard) async throws(GatewayError) -> MeterReadout {
        guard case .readout(let read) = try await ask(.readout(kind)) else {
            throw .internal(reason: "a readout was answered otherwise")
        }
        let now = exchange.clock.now()
        let readout = MeterReadout(
            ReadoutFile.Readout(
                identification: read.identification,
                block: read.block,
                isChecked: read.check != .none
            ),
            origin: .meter,
            receivedAt: now,
            takenAt: now,
            rules: text.rules
        )
        guard kind == .standard else { return readout }
        memory.keep(readout)
        // The values are there, whether or not they will be after a restart.
        if !isShared { _ = try? await exchange.readouts.keepReadout(readout.stored, of: memory.id) }
        return readout
    }

    private mutating func get(_ requests: [AttributeRequest]) async throws(GatewayError) -> [GetResult] {
        let wanted = requests.map(\.descriptor).filter {
            Self.dataClasses.contains($0.classID) && $0.attributeID != 1
        }
        var fresh: [OBISCode: TextObject] = [:]
        if !wanted.isEmpty {
            if !text.isReadOut || wanted.contains(where: { text.listed($0.instanceID) != nil }) {
                fresh = try await readOut().objects
            }
            let others = Set(wanted.map(\.instanceID)).subtracting(fresh.keys).sorted()
            if !others.isEmpty {
                do throws(GatewayError) {
                    try await readOthers(others, into: &fresh)
                } catch .notSupported where !fresh.isEmpty {
                    // A meter without programming mode has what it reads out and nothing else.
                }
            }
        }
        var results: [GetResult] = []
        for request in requests { results.append(try await result(request, fresh)) }
        return results
    }

    private mutating func result(
        _ request: AttributeRequest,
        _ fresh: [OBISCode: TextObject]
    ) async throws(GatewayError) -> GetResult {
        let descriptor = request.descriptor
        let name = descriptor.instanceID
        guard descriptor.attributeID != 1 else { return .data(DLMSData.octetString(name.octets).octets) }
        switch descriptor.classID {
        case TextClock.classID where descriptor.attributeID == 2: return try await readClock()
        case ProfileReader.profileClass:
            return try await profileAttribute(descriptor.attributeID, of: name, request.selectiveAccess)
        case let classID where Self.dataClasses.contains(classID):
            guard let object = fresh[name] else { return .failure(.objectUndefined) }
            guard object.classID == classID else { return .failure(.objectClassInconsistent) }
            guard let data = object.attribute(descriptor.attributeID, text.rules) else {
                return .failure(.objectUndefined)
            }
            return .data(data.octets)
        default: return .failure(.objectUndefined)
        }
    }

    /// Reads objects that the readout does not list; those that the meter refuses are left out.
    private mutating func readOthers(
        _ names: [OBISCode],
        into objects: inout [OBISCode: TextObject]
    ) async throws(GatewayError) {
        let addresses = names.map { text.object($0)?.address ?? ReducedOBISCode.address(of: $0) }
        for (name, result) in zip(names, try await read(addresses)) {
            guard case .data(let block) = result, let set = block.sets.first,
                let object = TextObject(set, named: name)
            else { continue }
            objects[name] = object
            text.note(object)
        }
    }

    /// Finds out whether the meter has objects that no readout lists; tells whether it has one of them.
    mutating func discover(_ names: [OBISCode]) async throws(GatewayError) -> Bool {
        var found: [OBISCode: TextObject] = [:]
        do throws(GatewayError) {
            try await readOthers(names, into: &found)
        } catch .notSupported {
            return false
        }
        if !found.isEmpty { memory.forgetObjectLists() }
        return !found.isEmpty
    }

    /// Reads data sets one by one, by the command that the meter takes.
    mutating func read(_ addresses: [String]) async throws(GatewayError) -> [TextReadResult] {
        var results: [TextReadResult] = []
        for command in text.manners.read.map({ [$0] }) ?? [.text, .register] {
            let reads = addresses.compactMap { TextRead($0, by: command) }
            guard reads.count == addresses.count, case .read(let answers) = try await ask(.read(reads)),
                answers.count == reads.count
            else { throw .internal(reason: "reads were answered otherwise") }
            results = answers
            if answers.contains(where: \.isData) {
                text.manners.read = command
                break
            }
        }
        return results
    }

    /// Writes a data set by the first of some commands that the meter takes; one that it refuses did nothing.
    ///
    /// - Throws: ``GatewayError/meterRefused(_:_:)`` with the meter's own word.
    mutating func write(
        _ value: String,
        to address: String,
        by commands: [TextWrite.Command],
        _ target: ObjectTarget
    ) async throws(GatewayError) -> TextWrite.Command {
        guard let value = TextValue(value), let set = TextDataSet(address: address, values: [value]) else {
            throw .typeMismatch(target, nil, reason: "the text protocol cannot write it")
        }
        var refusal: DLMSOutcome?
        for command in commands {
            guard case .done(let outcome) = try await ask(.write(TextWrite(set, by: command))) else {
                throw .internal(reason: "a write was answered otherwise")
            }
            guard case .refused(let code) = outcome else { return command }
            let digits = code.filter(\.isNumber)
            refusal = DLMSOutcome(
                service: "W\(command.rawValue - 0x30)",
                result: code.isEmpty ? "NAK" : code,
                code: Int(digits) ?? 0
            )
        }
        throw .meterRefused(target, refusal ?? DLMSOutcome(service: "write", result: "refused", code: 0))
    }
}

extension TextReadResult {
    /// Whether the meter gave data.
    fileprivate var isData: Bool {
        if case .data = self { true } else { false }
    }
}
