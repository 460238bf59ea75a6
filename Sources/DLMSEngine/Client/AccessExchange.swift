// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// One ACCESS request with its response; what is too long for one APDU needs general block transfer.
struct AccessExchange: Hashable, Sendable {
    /// The octets around the items: tag, id, date-time and two counts of up to three octets.
    static let overhead = 12

    private let items: [AccessItem]
    private let invoke: LongInvokeIDAndPriority
    private let limit: Int

    init(_ items: [AccessItem], breaksOnError: Bool, invokeID: UInt8, _ info: AssociationInfo) {
        self.items = items
        invoke = LongInvokeIDAndPriority(invokeID: UInt32(invokeID), breaksOnError: breaksOnError)
        limit = info.requestLimitWithoutBlocks
    }

    /// The number of the request.
    var invokeID: UInt32 { invoke.invokeID }

    /// How many octets an item takes in a request.
    static func length(of item: AccessItem) -> Int {
        item.specification.octets.count + item.data.octets.count
    }

    /// The request.
    func start() -> ExchangeStep<[AccessOutcome]> {
        let request = AccessRequest(
            invoke: invoke,
            specifications: items.map(\.specification),
            data: items.map(\.data)
        )
        let octets = request.octets
        guard octets.count <= limit else { return .failed(.requestTooLong(octets: octets.count, limit: limit)) }
        return .send(octets, awaiting: .accessResponse)
    }

    /// Takes an access-response; values stay octets.
    func received(_ apdu: [UInt8]) -> ExchangeStep<[AccessOutcome]> {
        do throws(DecodeError) {
            let response = try RawAccessResponse(apdu)
            guard response.invokeID == invoke.invokeID else { return .ignored }
            let count = response.results.count
            // A server that breaks on an error may leave out what it did not do.
            guard count == items.count || (invoke.breaksOnError && count < items.count), response.data.count <= count
            else { return .failed(.unexpectedAPDU(tag: 0xDA, waitingFor: .accessResponse)) }
            return .finished(
                items.indices.map { index in
                    guard index < count else { return .skipped }
                    let value = index < response.data.count ? response.data[index] : [0]
                    return items[index].outcome(response.results[index], value)
                }
            )
        } catch {
            return .failed(.malformed(error, waitingFor: .accessResponse))
        }
    }
}

/// An access-response whose values stay octets.
struct RawAccessResponse: Hashable, Sendable {
    let invokeID: UInt32
    let data: [[UInt8]]
    /// The codes without their choices: what was asked says what they are about.
    let results: [UInt8]

    /// Reads a complete APDU, tag DA first; the echo of what was asked is skipped, octets at the end are tolerated.
    ///
    /// - Throws: `DecodeError` for truncated octets, unknown alternatives and values that are no Data.
    init(_ apdu: [UInt8]) throws(DecodeError) {
        var reader = OctetReader(apdu)
        _ = try reader.readUInt8("tag")
        invokeID = try reader.readUInt32("long-invoke-id") & 0x00FF_FFFF
        _ = try reader.readOctetString("date-time")
        if try reader.readUInt8("presence of access-request-specification") != 0 {
            for _ in 0..<(try reader.readCount("access-request-specification")) {
                _ = try AccessSpecification(decoding: &reader)
            }
        }
        var data: [[UInt8]] = []
        for _ in 0..<(try reader.readCount("access-response-list-of-data")) {
            data.append(try DataExtent.read(&reader))
        }
        self.data = data
        var results: [UInt8] = []
        for _ in 0..<(try reader.readCount("access-response-specification")) {
            let choice = try reader.readUInt8("choice of access response specification")
            guard (1...3).contains(choice) else {
                throw DecodeError(
                    .unknownChoice(choice),
                    at: reader.offset - 1,
                    what: "access response specification"
                )
            }
            results.append(try reader.readUInt8("result"))
        }
        self.results = results
    }
}

extension AccessItem {
    /// What is asked for.
    var specification: AccessSpecification {
        switch self {
        case .get(let request):
            request.selectiveAccess.map { .getWithSelection(request.descriptor, $0) } ?? .get(request.descriptor)
        case .set(let write):
            write.request.selectiveAccess.map { .setWithSelection(write.request.descriptor, $0) }
                ?? .set(write.request.descriptor)
        case .action(let invocation): .action(invocation.method)
        }
    }

    /// The value that goes with it.
    var data: DLMSData {
        switch self {
        case .get: .nullData
        case .set(let write): write.value
        case .action(let invocation): invocation.parameter ?? .nullData
        }
    }

    /// What a result code and the octets of a value mean for this item.
    fileprivate func outcome(_ code: UInt8, _ value: [UInt8]) -> AccessOutcome {
        switch self {
        case .get:
            code == 0 ? .get(.data(value)) : .get(.failure(DataAccessResult(rawValue: code)))
        case .set: .set(DataAccessResult(rawValue: code))
        case .action:
            .action(ActionOutcome(result: ActionResult(rawValue: code), returned: value == [0] ? nil : .data(value)))
        }
    }
}
