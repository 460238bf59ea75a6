// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import GatewayCore
import HTTPKit
import JSONText
import ProtocolDecoder

/// The meaning of codes and octets.
extension GatewayAPI {
    @Sendable func obisMeaning(_ request: RoutedRequest) async throws -> HTTPResponse {
        let code = try request.obis("code")
        return .json { writer in
            writer.beginObject()
            writer.member("obis", code.description)
            writer.member("text", code.text)
            writer.member("hex", Hexadecimal.text(of: code.octets))
            writer.name("groups")
            writer.beginObject()
            writer.member("a", code.a)
            writer.member("b", code.b)
            writer.member("c", code.c)
            writer.member("d", code.d)
            writer.member("e", code.e)
            writer.member("f", code.f)
            writer.endObject()
            writer.member("name", OBISNames.standard.name(of: code))
            writer.endObject()
        }
    }

    @Sendable func listClasses(_ request: RoutedRequest) async throws -> HTTPResponse {
        .json { writer in
            writer.beginObject()
            writer.member("items", InterfaceClassRegistry.standard.classes) { entry, writer in
                writer.member("class", entry.id)
                writer.member("version", entry.version)
                writer.member("name", entry.name)
            }
            writer.endObject()
        }
    }

    @Sendable func interfaceClass(_ request: RoutedRequest) async throws -> HTTPResponse {
        let text = request.parameter("class")
        guard let id = UInt16(text) else {
            throw Problem.badParameter("class", expected: "an integer from 0 to 65535")
        }
        let version: UInt8? = try request.query.integer("version")
        let registry = InterfaceClassRegistry.standard
        let model = version.map { registry.interfaceClass(id, version: $0) } ?? registry.nearest(id, version: nil)
        guard let model else { throw Problem(.notFound(what: "class \(id)\(version.map { " version \($0)" } ?? "")")) }
        return .json { writer in
            writer.beginObject()
            writer.member("class", model.id)
            writer.member("version", model.version)
            writer.member("name", model.name)
            writer.member("attributes", model.attributes) { attribute, writer in
                writer.member("id", attribute.index)
                writer.member("name", attribute.name)
                Self.write(attribute.shape, into: &writer)
                writer.member("static", attribute.isStatic)
            }
            writer.member("methods", model.methods) { method, writer in
                writer.member("id", method.index)
                writer.member("name", method.name)
                Self.write(method.parameter, into: &writer)
            }
            writer.endObject()
        }
    }

    /// The types of a value, and what it stands for if the class says so: what an editor for it needs.
    private static func write(_ shape: Shape, into writer: inout JSONWriter) {
        writer.member("types", shape.types.map(\.name))
        guard case .simple(_, let meaning) = shape else { return }
        switch meaning {
        case .plain: break
        case .logicalName: writer.member("means", "obis")
        case .dateTime: writer.member("means", "date-time")
        case .date: writer.member("means", "date")
        case .time: writer.member("means", "time")
        case .text: writer.member("means", "text")
        case .systemTitle: writer.member("means", "system-title")
        case .clockStatus: writer.member("means", "clock-status")
        case .unit: writer.member("means", "unit")
        case .codes(let codes):
            writer.member("codes", codes) { code, writer in
                writer.member("code", code.code)
                writer.member("name", code.name)
            }
        }
    }

    @Sendable func listUnits(_ request: RoutedRequest) async throws -> HTTPResponse {
        .json { writer in
            writer.beginObject()
            writer.member("items", UnitTable.standard.units) { unit, writer in
                writer.member("code", unit.code)
                writer.member("symbol", unit.symbol)
                writer.member("name", unit.name)
            }
            writer.endObject()
        }
    }

    @Sendable func decode(_ request: RoutedRequest) async throws -> HTTPResponse {
        let (layer, text) = try request.members { members in
            let text = try members.requiredString("hex")
            return (try members.optionalChoice("layer", of: DecodeLayer.self) ?? .auto, text)
        }
        let answer = ProtocolDecoder().decode(layer: layer, hexadecimal: text)
        guard !answer.isProblem else { throw Problem.undecodable((try? JSONReader.parse(answer.json))?["problem"]) }
        return .octets(answer.json, type: "application/json")
    }
}
