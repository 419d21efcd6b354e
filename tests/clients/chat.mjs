// The unmodified OpenAI client for Node against a gateway: prints what it got as one line of JSON.
// Usage: node chat.mjs BASE_URL MODEL, with the key in OPENAI_API_KEY.
import OpenAI from "openai";

const [baseURL, model] = process.argv.slice(2);
const client = new OpenAI({
  baseURL,
  maxRetries: 0,
  defaultHeaders: { "X-Purpose-Of-Use": "TREAT" },
});
const messages = [{ role: "user", content: "Say hello to the ward." }];
const request = { model, messages, max_tokens: 12, temperature: 0 };

const whole = await client.chat.completions.create(request);

let text = "";
let role = null;
let reason = null;
let usage = null;
let chunks = 0;
const stream = await client.chat.completions.create({
  ...request,
  stream: true,
  stream_options: { include_usage: true },
});
for await (const chunk of stream) {
  chunks += 1;
  usage = chunk.usage ?? usage;
  for (const choice of chunk.choices) {
    role = choice.delta.role ?? role;
    text += choice.delta.content ?? "";
    reason = choice.finish_reason ?? reason;
  }
}

const completion = await client.completions.create({
  model,
  prompt: "The ward is quiet. The ward is quiet. The ward is quiet. The ward is",
  max_tokens: 4,
  temperature: 0,
});

const asked = { model, input: messages, max_output_tokens: 12, temperature: 0 };
const response = await client.responses.create(asked);
const responses = await client.responses.stream(asked).finalResponse();

const models = [];
for await (const each of client.models.list()) models.push(each.id);

async function failure(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { name: error.constructor.name, status: error.status, code: error.code, param: error.param };
  }
}

const errors = {
  unknownModel: await failure(() => client.chat.completions.create({ ...request, model: "gpt-4o" })),
  unknownField: await failure(() => client.chat.completions.create({ ...request, prmopt: 1 })),
  wrongKey: await failure(() =>
    client.withOptions({ apiKey: "wrong" }).chat.completions.create(request),
  ),
  deniedPurpose: await failure(() =>
    client.chat.completions.create(request, { headers: { "X-Purpose-Of-Use": "HRESCH" } }),
  ),
};

console.log(
  JSON.stringify({
    whole: whole.choices[0].message.content,
    wholeUsage: whole.usage,
    id: whole.id,
    requestId: whole._request_id,
    stream: { text, role, reason, usage, chunks },
    completion: completion.choices[0].text,
    response: response.output_text,
    responseStream: responses.output[0].content[0].text,
    models,
    errors,
  }),
);
