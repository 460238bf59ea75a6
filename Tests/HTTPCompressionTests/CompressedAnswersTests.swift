// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CZlib
import HTTPKit
import Synchronization
import Testing

@testable import HTTPCompression

@Suite("Compressed answers")
struct CompressedAnswersTests {
    /// Gives the same answer to everybody, and remembers what it was asked.
    private final class Sample: HTTPResponder {
        let answer: HTTPResponse
        let asked = Mutex<[HTTPHeaders]>([])

        init(_ answer: HTTPResponse) {
            self.answer = answer
        }

        func respond(to request: HTTPRequest) async -> HTTPResponse {
            asked.withLock { $0.append(request.headers) }
            return answer
        }
    }

    /// Keeps the pieces of a streamed body.
    private final class Pieces: HTTPBodyWriter {
        private let pieces = Mutex<[[UInt8]]>([])

        var all: [[UInt8]] { pieces.withLock { $0 } }

        func write(_ octets: [UInt8]) async throws(HTTPStreamClosed) {
            pieces.withLock { $0.append(octets) }
        }
    }

    private static let long = Array(String(repeating: #"{"value":12345.67,"unit":"Wh"},"#, count: 200).utf8)

    private func ask(_ sample: Sample, _ fields: [String: String]) async -> HTTPResponse {
        let headers = HTTPHeaders(fields.map { .init(name: $0.key, value: $0.value) })
        return await CompressedAnswers(sample).respond(
            to: HTTPRequest(method: .get, rawTarget: "/", headers: headers)
        )
    }

    /// What zlib makes of a gzip member; nil if it is none, or is cut.
    private func unzipped(_ octets: [UInt8], isWhole: Bool = true) -> [UInt8]? {
        var octets = octets
        var stream = z_stream()
        return withUnsafeMutablePointer(to: &stream) { stream in
            guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
                return nil
            }
            defer { inflateEnd(stream) }
            var result = [UInt8](repeating: 0, count: 1 << 22)
            let status = octets.withUnsafeMutableBufferPointer { source in
                result.withUnsafeMutableBufferPointer { target in
                    stream.pointee.next_in = source.baseAddress
                    stream.pointee.avail_in = UInt32(source.count)
                    stream.pointee.next_out = target.baseAddress
                    stream.pointee.avail_out = UInt32(target.count)
                    return inflate(stream, Z_SYNC_FLUSH)
                }
            }
            guard status == (isWhole ? Z_STREAM_END : Z_OK) else { return nil }
            return Array(result.prefix(Int(stream.pointee.total_out)))
        }
    }

    @Test(arguments: [
        ("gzip", true), ("GZIP", true), ("x-gzip", true), ("deflate, gzip;q=0.5, br", true), ("*", true),
        ("gzip;q=0", false), ("gzip; q=0.000", false), ("*;q=0", false), ("gzip;q=0, *", false), ("identity", false),
        ("br", false), ("", false), ("gzip;q=0.5, identity", false), ("gzip;q=0.5, identity;q=0.5", true),
        ("identity;q=0, *;q=0.1", true), ("gzip;q=nonsense", false), ("gzip;q=2", false), ("notgzip", false),
    ])
    func `What a caller accepts is weighed`(field: String, isCompressed: Bool) async {
        let answer = await ask(Sample(.octets(Self.long, type: "application/json")), ["Accept-Encoding": field])
        #expect((answer.headers["Content-Encoding"] == "gzip") == isCompressed)
        #expect(answer.headers["Vary"] == "Accept-Encoding")
        guard case .octets(let octets) = answer.body else { return #expect(Bool(false)) }
        #expect((isCompressed ? unzipped(octets) : octets) == Self.long)
    }

    @Test func `Short answers, other types, streams of events and compressed answers stay as they are`() async {
        let short = Array(Self.long.prefix(CompressedAnswers.leastOctets - 1))
        let answers: [HTTPResponse] = [
            .octets(short, type: "application/json"), .octets(Self.long, type: "application/octet-stream"),
            .stream(type: "text/event-stream") { try await $0.write([0x3A, 0x0A]) },
            .octets(Self.long, type: "application/json").with("Content-Encoding", "gzip"), .empty(),
        ]
        for answer in answers {
            let given = await ask(Sample(answer), ["Accept-Encoding": "gzip"])
            #expect(given.headers == answer.headers)
        }
        let varied = HTTPResponse.octets(Self.long, type: "text/csv; header=present").with("Vary", "Accept")
        let given = await ask(Sample(varied), ["Accept-Encoding": "gzip"])
        #expect(given.headers.all("Vary") == ["Accept, Accept-Encoding"])
        #expect(given.headers["Content-Encoding"] == "gzip")
    }

    @Test func `A strong tag has a form of its own for compressed octets, and both stand for one version`() async {
        let strong = HTTPResponse.octets(Self.long, type: "application/json").with("ETag", "\"5\"")
        let sample = Sample(strong)
        #expect(await ask(sample, ["Accept-Encoding": "gzip"]).headers["ETag"] == "\"5-gzip\"")
        #expect(await ask(sample, [:]).headers["ETag"] == "\"5\"")
        let weak = Sample(strong.with("ETag", "W/\"5\""))
        #expect(await ask(weak, ["Accept-Encoding": "gzip"]).headers["ETag"] == "W/\"5\"")
        _ = await ask(sample, ["If-Match": "\"4-gzip\", \"5\"", "If-None-Match": "W/\"x-gzip\""])
        let asked = sample.asked.withLock { $0.last }
        #expect(asked?.list("If-Match") == ["\"4\"", "\"5\""])
        #expect(asked?.list("If-None-Match") == ["W/\"x-gzip\""])
        let unchanged = Sample(HTTPResponse(status: 304).with("ETag", "\"5\""))
        let told = await ask(unchanged, ["Accept-Encoding": "gzip", "If-None-Match": "\"5-gzip\""])
        #expect(told.headers["ETag"] == "\"5-gzip\"")
    }

    @Test func `A stream is compressed piece by piece, each of which can be read when it arrives`() async throws {
        let lines = (0..<3).map { number in Array("{\"row\":\(number)}\n".utf8) }
        let stream = HTTPResponse.stream(type: "application/x-ndjson") { body in
            for line in lines { try await body.write(line) }
        }
        let answer = await ask(Sample(stream), ["Accept-Encoding": "gzip"])
        #expect(answer.headers["Content-Encoding"] == "gzip")
        guard case .stream(let body) = answer.body else { return #expect(Bool(false)) }
        let pieces = Pieces()
        try await body.produce(pieces)
        #expect(pieces.all.count == lines.count + 1)
        for count in 1...lines.count {
            let read = unzipped(Array(pieces.all.prefix(count).joined()), isWhole: false)
            #expect(read == Array(lines.prefix(count).joined()))
        }
        #expect(unzipped(Array(pieces.all.joined())) == Array(lines.joined()))
        // A stream that fails has no end, so that whoever reads it knows.
        let broken = HTTPResponse.stream(type: "text/csv") { body in
            try await body.write(lines[0])
            throw HTTPStreamClosed()
        }
        guard case .stream(let cut) = await ask(Sample(broken), ["Accept-Encoding": "gzip"]).body else {
            return #expect(Bool(false))
        }
        let rest = Pieces()
        await #expect(throws: HTTPStreamClosed.self) { try await cut.produce(rest) }
        #expect(unzipped(Array(rest.all.joined())) == nil)
    }

    @Test func `A long body is compressed while it is sent`() async throws {
        var generator = SystemRandomNumberGenerator()
        let noise = (0..<(CompressedAnswers.pieceOctets * 5 + 17)).map { _ in
            UInt8.random(in: 0...63, using: &generator)
        }
        let answer = await ask(Sample(.octets(noise, type: "text/plain")), ["Accept-Encoding": "gzip"])
        guard case .stream(let body) = answer.body else { return #expect(Bool(false)) }
        let pieces = Pieces()
        try await body.produce(pieces)
        #expect(pieces.all.count > 3)
        #expect(unzipped(Array(pieces.all.joined())) == noise)
    }
}
